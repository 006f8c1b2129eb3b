"""What a person sees after doing something, and the buttons, selects and forms to go on from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .client_forms import fill_form, form_inputs
from .errors import ClientRefused
from .interaction import COMPONENT, DEFER_REPLY, DEFER_UPDATE, MODAL_SUBMIT, Interaction
from .members import Member, Role
from .messages import Message

if TYPE_CHECKING:
    from .client_forms import FormInput
    from .people import People

Json = dict[str, Any]


@dataclass(frozen=True)
class Modal:
    """A form on the person's screen."""

    custom_id: str
    title: str
    inputs: tuple[FormInput, ...]


class Reply:
    """The bot's answer to one action, as it stands now; later edits and follow-ups show up by themselves."""

    def __init__(self, people: People, interaction: Interaction) -> None:
        self._people = people
        self.interaction = interaction

    def __repr__(self) -> str:
        state = "failed" if self.failed else f"type {self.interaction.callback_type}"
        return f"<Reply to {self.interaction.name!r} by {self.interaction.member.name} ({state}): {self.text!r}>"

    @property
    def failed(self) -> bool:
        """Whether the client shows "The application did not respond"."""
        return self.interaction.failed

    @property
    def acknowledged_after(self) -> float | None:
        """Seconds until the first answer, None if there was none."""
        return self.interaction.acknowledged_after

    @property
    def deferred(self) -> bool:
        """Whether the first answer was only "thinking…" or a silent acknowledgement."""
        return self.interaction.callback_type in (DEFER_REPLY, DEFER_UPDATE)

    @property
    def messages(self) -> list[Message]:
        """The first answer's message (for a button: the message it updated) and all follow-ups that still exist."""
        found = [self.interaction.original, *self.interaction.followups]
        return [message for message in found if message and not message.deleted]

    @property
    def message(self) -> Message:
        """The newest of the messages; ClientRefused if there is none."""
        if not self.messages:
            raise ClientRefused("there is no message")
        return self.messages[-1]

    @property
    def text(self) -> str:
        """All readable text of all messages; empty while "thinking…"."""
        return "\n".join(message.text for message in self.messages)

    @property
    def ephemeral(self) -> bool:
        """Whether only the person sees the answer (the first message decides)."""
        return bool(self.messages) and self.messages[0].ephemeral

    @property
    def thinking(self) -> bool:
        """Whether "thinking…" still stands there."""
        return any(message.loading for message in self.messages)

    @property
    def modal(self) -> Modal | None:
        """The form that was opened, None if there is none."""
        body = self.interaction.modal
        return Modal(body["custom_id"], body["title"], form_inputs(body)) if body else None

    @property
    def components(self) -> list[Json]:
        """All buttons and selects in all messages."""
        return [part for message in self.messages for part in message.parts() if part.get("custom_id")]

    async def wait_for(self, condition: Callable[[Reply], bool], *, timeout: float = 10.0) -> Reply:
        """Waits until `condition(reply)` holds; TimeoutError with the text so far after `timeout` seconds."""
        await self._people.wait_until(lambda: condition(self), timeout, lambda: repr(self))
        return self

    async def answered(self, *, timeout: float = 10.0) -> Reply:
        """Waits until "thinking…" has given way to text or a form."""
        return await self.wait_for(
            lambda reply: reply.modal is not None or (bool(reply.messages) and not reply.thinking), timeout=timeout
        )

    async def click(self, which: str, *, by: Member | None = None) -> Reply:
        """Presses a button by its label or custom id, as the same person or `by` another who sees it."""
        message, button = self._find(which, (2,))
        return await self._people.click(by or self.interaction.member, message, str(button["custom_id"]))

    async def select(
        self, which: str, values: Sequence[str | Member | Role | Any], *, by: Member | None = None
    ) -> Reply:
        """Chooses in a select by its custom id or placeholder; `values` are option values or labels, or things."""
        message, menu = self._find(which, (3, 5, 6, 7, 8))
        return await self._people.select(by or self.interaction.member, message, str(menu["custom_id"]), values)

    async def submit(self, **values: Any) -> Reply:
        """Fills in the form (inputs by custom id or label) and sends it; ClientRefused if an entry is not valid."""
        body = self.interaction.modal
        if body is None:
            raise ClientRefused(f"no form is open: {self!r}")
        data = {"custom_id": body["custom_id"], "components": fill_form(body, values)}
        source = self.interaction.message if self.interaction.kind == COMPONENT else None
        return await self._people.act(MODAL_SUBMIT, self.interaction.member, self.interaction.channel, data, source)

    def _find(self, which: str, kinds: tuple[int, ...]) -> tuple[Message, Json]:
        for message in reversed(self.messages):
            part = find_part(message, which, kinds)
            if part:
                return message, part
        raise ClientRefused(f"nothing called {which!r} to use in {self!r}")


def find_part(message: Message, which: str, kinds: tuple[int, ...]) -> Json | None:
    """The component of `message` with that custom id, label or placeholder."""
    for name in ("custom_id", "label", "placeholder"):
        for part in message.parts():
            if part.get("type") in kinds and part.get(name) == which:
                return part
    return None
