"""The rules by which the bot may answer interactions: in time, once, in a way that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import message_rules
from .components import check_choices, check_modal
from .errors import ApiError, FormErrors
from .interaction import (
    AUTOCOMPLETE,
    CHOICES,
    DEFER_REPLY,
    DEFER_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    REPLY,
    UPDATE,
    Interaction,
)
from .mentions import pings
from .messages import EPHEMERAL, LOADING, SUPPRESS_NOTIFICATIONS, Message, walk
from .permissions import ALL

if TYPE_CHECKING:
    from .channel import Channel
    from .members import Member
    from .message_rules import Upload
    from .world import World

Json = dict[str, Any]

KEPT = 5000
"""How many past interactions are remembered, to tell an expired token from an unknown one."""


class Interactions:
    """All interactions of a stand-in, and the bot's side of each."""

    def __init__(self, world: World, *, deadline: float, lifetime: float) -> None:
        self._world = world
        self.deadline = deadline
        self.lifetime = lifetime
        self._by_token: dict[str, Interaction] = {}

    def open(
        self, kind: int, member: Member, channel: Channel, data: Json, message: Message | None = None
    ) -> Interaction:
        """Begins an interaction; the 3 seconds run from here."""
        number = self._world.ids.now()
        found = Interaction(
            number, f"interaction-token-{number}", kind, member, channel, data, message, self.deadline, self.lifetime
        )
        self._by_token[found.token] = found
        while len(self._by_token) > KEPT:
            del self._by_token[next(iter(self._by_token))]
        self._world.hub.tell("interaction", found)
        return found

    def answer(self, interaction_id: int, token: str, body: Json, uploads: list[Upload]) -> Json:
        """The first answer (callback). Gives the body for `with_response`.

        ApiError 404/10062 when unknown or later than 3 s, 400/40060 when answered before, 400/50035 for a bad body.
        """
        found = self._by_token.get(token)
        if found is None or found.id != interaction_id:
            raise ApiError(404, 10062)
        if found.acknowledged_after is not None:
            raise ApiError(400, 40060)
        if found.age > found.deadline:
            raise ApiError(404, 10062)
        kind = body.get("type")
        data: Json = body.get("data") or {}
        _check_kind(found, kind)
        if kind in (REPLY, DEFER_REPLY):
            found.original = self._first_message(found, data, uploads, loading=kind == DEFER_REPLY)
        elif kind == UPDATE:
            self._change(_source(found), data, uploads)
            found.original = found.message
        elif kind == DEFER_UPDATE:
            found.original = found.message
        else:
            self._take_data(found, kind, data)
        found.callback_type = kind
        found.acknowledged_after = found.age
        self._world.hub.tell("interaction_update", found)
        return self._response(found)

    def _first_message(self, found: Interaction, data: Json, uploads: list[Upload], *, loading: bool) -> Message:
        if not loading:
            message_rules.check_message(data, uploads)
        flags = int(data.get("flags") or 0) & EPHEMERAL | (LOADING if loading else 0)
        message = self._new_message(found, flags)
        if not loading:
            self._fill(message, data, uploads)
        found.channel.add(message)
        return message

    def _new_message(self, found: Interaction, flags: int) -> Message:
        return Message(
            self._world.ids.now(),
            found.channel,
            self._world.bot,
            flags=flags,
            ephemeral_to=found.member if flags & EPHEMERAL else None,
            origin=found.origin(self._world),
        )

    def _fill(self, message: Message, data: Json, uploads: list[Upload]) -> None:
        message_rules.apply(message, data, uploads, self._world)
        message.flags |= int(data.get("flags") or 0) & SUPPRESS_NOTIFICATIONS
        readable = "\n".join([message.content, *(str(p["content"]) for p in message.parts() if p.get("type") == 10)])
        if message.ephemeral_to is None:
            message.pings = pings(readable, message.allowed_mentions, message.channel, ALL)

    def _change(self, message: Message, data: Json, uploads: list[Upload]) -> None:
        message_rules.check_message(data, uploads, before=message)
        was_loading = message.loading
        message.flags &= ~LOADING
        if was_loading:
            self._fill(message, data, uploads)
        else:
            message_rules.apply(message, data, uploads, self._world)
            message.mark_edited()
        message.channel.announce("MESSAGE_UPDATE", message)

    def _take_data(self, found: Interaction, kind: int | None, data: Json) -> None:
        errors = FormErrors()
        if kind == CHOICES:
            check_choices(data, errors)
            errors.raise_if_any()
            found.choices = data["choices"]
        else:
            check_modal(data, errors)
            errors.raise_if_any()
            for number, part in enumerate(walk(data["components"]), start=1):
                part.setdefault("id", number)
            found.modal = data

    def _response(self, found: Interaction) -> Json:
        about: Json = {"id": str(found.id), "type": found.kind}
        resource: Json = {"type": found.callback_type}
        if found.original:
            about["response_message_id"] = str(found.original.id)
            about["response_message_loading"] = found.original.loading
            about["response_message_ephemeral"] = found.original.ephemeral
            if found.callback_type != DEFER_UPDATE:
                resource["message"] = found.original.payload()
        return {"interaction": about, "resource": resource}

    def by_token(self, token: str) -> Interaction:
        """The answered interaction behind a token: 404/10015 if unknown or unanswered, 401/50027 after 15 minutes."""
        found = self._by_token.get(token)
        if found is None or found.acknowledged_after is None or found.kind == AUTOCOMPLETE:
            raise ApiError(404, 10015)
        if found.age > found.lifetime:
            raise ApiError(401, 50027)
        return found

    def follow_up(self, token: str, body: Json, uploads: list[Upload]) -> Message:
        """A further message. The first one after a deferred reply takes that reply's place and its privacy."""
        found = self.by_token(token)
        if (
            found.callback_type == DEFER_REPLY
            and found.original
            and found.original.loading
            and not found.original.deleted
        ):
            return self.edit(token, "@original", body, uploads)
        message_rules.check_message(body, uploads)
        message = self._new_message(found, int(body.get("flags") or 0) & EPHEMERAL)
        self._fill(message, body, uploads)
        found.followups.append(message)
        found.channel.add(message)
        self._world.hub.tell("interaction_update", found)
        return message

    def get(self, token: str, which: str) -> Message:
        """A message made by an interaction, `@original` or an id; 404/10008 if there is none."""
        found = self.by_token(token)
        if which == "@original":
            message = found.original
        else:
            made = [item for item in (found.original, *found.followups) if item]
            message = next((item for item in made if str(item.id) == which), None)
        if message is None or message.deleted:
            raise ApiError(404, 10008)
        return message

    def edit(self, token: str, which: str, body: Json, uploads: list[Upload]) -> Message:
        """Changes a message made by an interaction; ends "thinking…"."""
        message = self.get(token, which)
        self._change(message, body, uploads)
        self._world.hub.tell("interaction_update", self.by_token(token))
        return message

    def delete(self, token: str, which: str) -> None:
        """Deletes a message made by an interaction."""
        message = self.get(token, which)
        message.channel.remove(message)
        self._world.hub.tell("interaction_update", self.by_token(token))


def _source(found: Interaction) -> Message:
    if found.message is None or found.message.deleted:
        raise ApiError(404, 10008)
    return found.message


def _check_kind(found: Interaction, kind: Any) -> None:
    """Refuses callback types that do not fit: choices are for autocomplete, updates for a clicked message."""
    if found.kind == AUTOCOMPLETE:
        fits = kind == CHOICES
    elif kind in (DEFER_UPDATE, UPDATE):
        fits = found.message is not None
    elif kind == MODAL:
        fits = found.kind != MODAL_SUBMIT
    else:
        fits = kind in (REPLY, DEFER_REPLY)
    if not fits:
        errors = FormErrors()
        errors.add("type", "This callback type does not fit the interaction.", "BASE_TYPE_CHOICES")
        errors.raise_if_any()
