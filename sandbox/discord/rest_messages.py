"""REST routes about messages: in channels, and as answers to interactions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from . import message_rules
from .errors import ApiError
from .limits import CREATE_MESSAGE, EDIT_MESSAGE, INTERACTION_WEBHOOK
from .mentions import pings
from .messages import COMPONENTS_V2, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, Message
from .permissions import Permission
from .rest_call import Answer, Call, Handler, Route

if TYPE_CHECKING:
    from .channel import Channel
    from .interactions import Interactions
    from .world import World

Json = dict[str, Any]

NONCE_MEMORY = 180.0
"""Seconds for which a repeated nonce finds the first message ("a few minutes", says Discord's documentation)."""
BULK_DELETE_AGE = 14 * 24 * 3600


class MessageRoutes:
    """Sending, reading, changing and deleting messages."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        self._world = world
        self._interactions = interactions
        self._nonces: dict[tuple[int, str], tuple[float, Message]] = {}

    def routes(self) -> list[Route]:
        """All routes of this part."""
        messages = "/channels/{channel_id}/messages"
        one = messages + "/{message_id}"
        hook = "/webhooks/{application_id}/{token}"

        def mine(method: str, path: str, handler: Handler) -> Route:
            return Route(method, hook + path, handler, INTERACTION_WEBHOOK, "token", open=True)

        return [
            Route("GET", messages, self.list_messages, major="channel_id"),
            Route("POST", messages, self.create, CREATE_MESSAGE, "channel_id"),
            Route("GET", one, self.get, major="channel_id"),
            Route("PATCH", one, self.edit, EDIT_MESSAGE, "channel_id"),
            Route("DELETE", one, self.delete, major="channel_id"),
            Route("POST", messages + "/bulk-delete", self.bulk_delete, major="channel_id"),
            Route("POST", "/channels/{channel_id}/typing", self.typing, major="channel_id"),
            Route("POST", "/interactions/{interaction_id}/{token}/callback", self.callback, open=True),
            mine("POST", "", self.follow_up),
            mine("GET", "/messages/{which}", self.get_answer),
            mine("PATCH", "/messages/{which}", self.edit_answer),
            mine("DELETE", "/messages/{which}", self.delete_answer),
        ]

    def _channel(self, call: Call) -> tuple[Channel, int]:
        """The channel and the bot's permission bits in it: 404/10003 if unknown, 403/50001 if hidden."""
        channel = self._world.channel(call.number("channel_id"))
        if channel is None:
            raise ApiError(404, 10003)
        bits = channel.guild.me.permissions_in(channel)
        if not bits & Permission.VIEW_CHANNEL:
            raise ApiError(403, 50001)
        return channel, bits

    def _message(self, call: Call) -> tuple[Channel, int, Message]:
        channel, bits = self._channel(call)
        message = channel.find(call.number("message_id"))
        if message is None or message.ephemeral_to is not None:
            raise ApiError(404, 10008)
        return channel, bits, message

    def create(self, call: Call) -> Answer:
        """POST messages; a repeated nonce with `enforce_nonce` gives the first message again."""
        channel, bits = self._channel(call)
        body = call.fields
        message_rules.check_rights(body, call.uploads, bits, new=True)
        channel.open_for_message(bits)
        message_rules.check_message(body, call.uploads)
        nonce = body.get("nonce")
        if nonce is not None and body.get("enforce_nonce"):
            first = self._nonces.get((channel.id, str(nonce)))
            if first and time.monotonic() - first[0] < NONCE_MEMORY:
                return 200, first[1].payload()
        message = Message(self._world.ids.now(), channel, self._world.bot, nonce=nonce)
        message_rules.apply(message, body, call.uploads, self._world)
        message.flags = int(body.get("flags") or 0) & (SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2)
        message.reference = self._reference(body, channel)
        readable = "\n".join([message.content, *(str(p["content"]) for p in message.parts() if p.get("type") == 10)])
        message.pings = pings(readable, message.allowed_mentions, channel, bits)
        if nonce is not None:
            self._remember(channel, str(nonce), message)
        channel.add(message)
        return 200, message.payload()

    def _remember(self, channel: Channel, nonce: str, message: Message) -> None:
        now = time.monotonic()
        while self._nonces and now - next(iter(self._nonces.values()))[0] > NONCE_MEMORY:
            del self._nonces[next(iter(self._nonces))]
        self._nonces[channel.id, nonce] = (now, message)

    def _reference(self, body: Json, channel: Channel) -> Json | None:
        wanted = body.get("message_reference")
        if not wanted:
            return None
        if channel.find(int(wanted["message_id"])) is None and wanted.get("fail_if_not_exists", True):
            raise ApiError(
                400,
                50035,
                errors={
                    "message_reference": {
                        "_errors": [{"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}]
                    }
                },
            )
        return {
            "message_id": str(wanted["message_id"]),
            "channel_id": str(channel.id),
            "guild_id": str(channel.guild.id),
        }

    def list_messages(self, call: Call) -> Answer:
        """GET messages, newest first; empty without READ_MESSAGE_HISTORY."""
        channel, bits = self._channel(call)
        query = call.request.query
        limit = int(query.get("limit", "50"))
        if not 1 <= limit <= 100:
            raise ApiError(
                400,
                50035,
                errors={
                    "limit": {
                        "_errors": [{"code": "NUMBER_TYPE_MAX", "message": "int value should be between 1 and 100."}]
                    }
                },
            )
        if not bits & Permission.READ_MESSAGE_HISTORY:
            return 200, []
        found = channel.messages
        if "before" in query:
            found = [message for message in found if message.id < int(query["before"])]
        if "after" in query:
            found = [message for message in found if message.id > int(query["after"])][:limit]
        return 200, [message.payload() for message in reversed(found[-limit:])]

    def get(self, call: Call) -> Answer:
        """GET a message."""
        _, bits, message = self._message(call)
        if not bits & Permission.READ_MESSAGE_HISTORY:
            raise ApiError(403, 50013)
        return 200, message.payload()

    def edit(self, call: Call) -> Answer:
        """PATCH a message; only the bot's own (403/50005)."""
        channel, bits, message = self._message(call)
        if message.author is not self._world.bot:
            raise ApiError(403, 50005)
        message_rules.check_rights(call.fields, call.uploads, bits, new=False)
        message_rules.check_message(call.fields, call.uploads, before=message)
        message_rules.apply(message, call.fields, call.uploads, self._world)
        message.mark_edited()
        channel.announce("MESSAGE_UPDATE", message)
        return 200, message.payload()

    def delete(self, call: Call) -> Answer:
        """DELETE a message; others' need MANAGE_MESSAGES."""
        channel, bits, message = self._message(call)
        if message.author is not self._world.bot and not bits & Permission.MANAGE_MESSAGES:
            raise ApiError(403, 50013)
        channel.remove(message)
        return 204, None

    def bulk_delete(self, call: Call) -> Answer:
        """POST bulk-delete: 2 to 100 messages younger than 14 days."""
        channel, bits = self._channel(call)
        if not bits & Permission.MANAGE_MESSAGES:
            raise ApiError(403, 50013)
        wanted = cast("list[str]", call.fields.get("messages") or [])
        if not 2 <= len(wanted) <= 100:
            raise ApiError(
                400,
                50016,
                "Provided too few or too many messages to delete.",
            )
        for message_id in wanted:
            message = channel.find(int(message_id))
            if message and time.time() - message.created_at.timestamp() > BULK_DELETE_AGE:
                raise ApiError(400, 50034)
            if message:
                channel.remove(message)
        return 204, None

    def typing(self, call: Call) -> Answer:
        """POST typing."""
        _, bits = self._channel(call)
        if not bits & Permission.SEND_MESSAGES:
            raise ApiError(403, 50013)
        return 204, None

    def callback(self, call: Call) -> Answer:
        """POST an interaction's first answer."""
        answer = self._interactions.answer(call.number("interaction_id"), call.word("token"), call.fields, call.uploads)
        if call.request.query.get("with_response") in ("1", "true", "True"):
            return 200, answer
        return 204, None

    def _token(self, call: Call) -> str:
        if call.number("application_id") != self._world.application_id:
            raise ApiError(404, 10015)
        return call.word("token")

    def follow_up(self, call: Call) -> Answer:
        """POST a further message to an interaction."""
        return 200, self._interactions.follow_up(self._token(call), call.fields, call.uploads).payload()

    def get_answer(self, call: Call) -> Answer:
        """GET a message of an interaction."""
        return 200, self._interactions.get(self._token(call), call.word("which")).payload()

    def edit_answer(self, call: Call) -> Answer:
        """PATCH a message of an interaction."""
        return 200, self._interactions.edit(self._token(call), call.word("which"), call.fields, call.uploads).payload()

    def delete_answer(self, call: Call) -> Answer:
        """DELETE a message of an interaction."""
        self._interactions.delete(self._token(call), call.word("which"))
        return 204, None
