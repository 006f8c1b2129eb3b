"""Talking to a console: say, command with its answer, and the last lines."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot import time_slice
from bot.console.crash import last_words
from bot.console.events import ConsoleLine
from bot.console.listener import Listener
from bot.errors import BadInput, BotError, NotAllowed, NotSupported
from bot.i18n import _
from bot.services.access import Access
from bot.services.action_log import Attempt, attempt
from bot.services.connections import Connections
from bot.services.console_input import say_line
from bot.services.hearing import MAX_LINES, AnswerTiming, answer_to
from bot.services.permits import Permit
from bot.store.values import LinkedServer
from bot.terms import Action, PowerState
from bot.text.console_line import LONGEST_TYPED, one_line
from bot.text.markdown import escape
from bot.text.redaction import Redactor
from bot.text.refused_commands import looks_refused
from bot.told import told as told_to

_WORTH_MASKING = 512 * 1024
"""Characters of the console in one reply, which has a file for what does not fit its message; escape sequences count.

Masking them takes a third of a second at worst.
"""


_TIMING = AnswerTiming()


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What the console printed after a command."""

    command: str
    lines: tuple[str, ...]
    """Still with their escape sequences; addresses and secrets masked."""
    note: str | None = None
    """Why there are no lines, or fewer than one would expect."""


@dataclass(frozen=True, slots=True)
class Said:
    """What became of something that was said."""

    sentence: str
    refused: bool = False
    """Whether the console's answer looks as if it did not take it."""
    lines: tuple[str, ...] = field(default=(), repr=False)
    """Then its answer, masked, with its escape sequences, where the member may see the console: for nobody else."""


class Consoles:
    """Sends single commands and reads consoles on behalf of members."""

    def __init__(
        self,
        access: Access,
        connections: Connections,
        *,
        redactor: Callable[[int], Redactor],
        timing: AnswerTiming = _TIMING,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._access = access
        self._connections = connections
        self._redactor = redactor
        self._timing = timing
        self._now = now

    async def say(self, permit: Permit, message: str, *, told: Callable[[str], Awaitable[None]] | None = None) -> Said:
        """Send the server's say-template with the message; return what became of it.

        `told` is called with the sentence to reply as soon as it is sent; then the console's answer is listened to.
        """
        server = permit.server
        with attempt(permit, text=self._shown(server, message)) as noted:
            text = one_line(message)
            line = await self._line(permit, text)
            client = await self._connections.client(permit)
            sentence = _("Said on **{server}**: {message}").format(server=escape(server.name), message=escape(text))

            async def send(known_state: PowerState | None = None) -> None:
                await client.send_command(line, known_state=known_state)
                noted.done = True
                if told is not None:
                    await told(sentence)

            async with AsyncExitStack() as stack:
                listener = (await self._hear(permit, stack))[0] if permit.panel.kind.has_console else None
                if listener is None:
                    await send()
                    return Said(sentence)
                answer, _more = await answer_to(line, send, listener, timing=self._timing.brief, now=self._now)
        if not looks_refused([one.text for one in answer], text):
            return Said(sentence)
        return Said(_unheard(permit), refused=True, lines=await self._for_those_who_see(permit, answer))

    async def _for_those_who_see(self, permit: Permit, answer: Sequence[ConsoleLine]) -> tuple[str, ...]:
        """What a console answered, masked; nothing where the member may not see it by the same key."""
        rights = await self._access.rights_of(permit.member)
        try:
            sees = rights.permit(Action.CONSOLE, permit.server)
        except NotAllowed:
            return ()
        if sees.panel.id != permit.panel.id:
            return ()
        return tuple(await self._masked(permit.server, _newest(answer)))

    async def command(self, permit: Permit, command: str) -> CommandAnswer:
        """Send one console command and return what the console printed right after it.

        Raises NotAllowed where the grants' patterns do not allow this very command, BadInput for more than one line,
        ServerOffline, and whatever the panel says.
        """
        with attempt(permit, text=self._shown(permit.server, command)) as noted:
            text = one_line(command).removeprefix("/").strip(" ")
            rights = await self._access.rights_of(permit.member)
            noted.permit = rights.permit(Action.COMMAND, permit.server, command=text)
            return await self._send(noted, text)

    async def _line(self, permit: Permit, message: str) -> str:
        """What says the message. Before it is refused for what is harmless in Minecraft, the panel is asked.

        A server that was linked before anybody asked for its egg has not been heard of as Minecraft yet.
        """
        try:
            return say_line(permit.server, message)
        except BadInput as refused:
            if permit.server.is_minecraft:
                raise
            try:
                line = say_line(replace(permit.server, is_minecraft=True), message)
                if await self._connections.is_minecraft(permit):
                    return line
            except BotError:
                raise refused from None
            raise

    async def _send(self, noted: Attempt, text: str) -> CommandAnswer:
        permit = noted.permit
        client = await self._connections.client(permit)

        async def send(known_state: PowerState | None = None) -> None:
            await client.send_command(text, known_state=known_state)
            noted.done = True

        if not permit.panel.kind.has_console:
            await send()
            return CommandAnswer(text, (), _("Sent. Panel 0.7 does not show API keys what the console answers."))
        async with AsyncExitStack() as stack:
            listener, deaf = await self._hear(permit, stack)
            if listener is None:
                await send()
                return CommandAnswer(text, (), _("Sent, but the answer cannot be read: {why}").format(why=deaf))
            return await self._ask(send, permit.server, text, listener)

    async def last_lines(self, permit: Permit, count: int) -> tuple[list[str], str | None]:
        """Return the console's last lines (masked, with escape sequences) and a note when there is something to say.

        They come by the permit's key: raises why the console cannot be had by it, and NotAllowed where the permit would
        not be given again once it is there.
        """
        _require_sight(permit)
        with attempt(permit, outcome="shown"):
            if not permit.panel.kind.has_console:
                raise NotSupported(_("Panel 0.7 gives API keys no console, so there are no lines to show."))
            async with AsyncExitStack() as stack:
                listener = await self._connections.hear(permit, stack, within=self._timing.ready)
                await self._access.confirm(permit)
                found = listener.tail(count)
                newest = _newest(found)
                lines = await self._masked(permit.server, newest)
                offline = listener.state is PowerState.OFFLINE
        if len(newest) < len(found):
            text = _("The lines are very long: {count} older ones are left out altogether.")
            return lines, text.format(count=len(found) - len(newest))
        if offline:
            return lines, _("**{server}** is offline.").format(server=escape(permit.server.name))
        return lines, None if lines else _("The console has printed nothing yet.")

    async def last_words(self, permit: Permit, count: int = 15) -> list[str]:
        """Return the last lines (masked, with escape sequences) of a process that has just failed; none if it had none.

        Raises as `last_lines` does.
        """
        _require_sight(permit)
        if not permit.panel.kind.has_console:
            return []
        with attempt(permit, outcome="shown"):
            async with AsyncExitStack() as stack:
                listener = await self._connections.hear(permit, stack, within=self._timing.ready)
                await self._access.confirm(permit)
                found = listener.tail(MAX_LINES)
                begin, end = last_words([line.text for line in found])
                return await self._masked(permit.server, _newest(found[begin:end][-count:]))

    async def _hear(self, permit: Permit, stack: AsyncExitStack) -> tuple[Listener | None, str]:
        """A listener whose socket is up, by the permit's key; or None and the reason."""
        try:
            return await self._connections.hear(permit, stack, within=self._timing.ready), ""
        except BotError as error:
            return None, told_to(error, is_admin=permit.member.is_admin)

    async def _ask(
        self, send: Callable[[PowerState | None], Awaitable[None]], server: LinkedServer, text: str, listener: Listener
    ) -> CommandAnswer:
        answer, more = await answer_to(text, send, listener, timing=self._timing, now=self._now)
        note = None if answer else _("Sent. The console printed nothing in answer.")
        if more:
            note = _("The console may have printed more: that is as much of an answer as I take.")
        return CommandAnswer(text, tuple(await self._masked(server, answer)), note)

    def _shown(self, server: LinkedServer, typed: str) -> str:
        """What a member typed, as it may stand in the log."""
        return self._redactor(server.id).redact(typed[:LONGEST_TYPED])

    async def _masked(self, server: LinkedServer, printed: Iterable[ConsoleLine]) -> list[str]:
        """Mask lines in slices."""
        redactor, slices = self._redactor(server.id), time_slice.shared()
        return [await slices.work(redactor.redact_in_steps(line.text)) for line in printed]


def _require_sight(permit: Permit) -> None:
    if permit.action is not Action.CONSOLE:
        raise ValueError(f"a permit to {permit.action} shows no console")


def _newest(lines: Sequence[ConsoleLine]) -> Sequence[ConsoleLine]:
    """Return the newest lines that one reply is made of."""
    room = _WORTH_MASKING
    for index in range(len(lines) - 1, -1, -1):
        room -= len(lines[index].text)
        if room < 0:
            return lines[min(index + 1, len(lines) - 1) :]
    return lines


def _unheard(permit: Permit) -> str:
    remedy = (
        _("Set how this game says something with `/server edit`, in `say_template`.")
        if permit.member.is_admin
        else _("Whoever has *Manage Server* can set how this game says something: `/server edit`, in `say_template`.")
    )
    text = _("**{server}** got it, but its console seems to have refused it, so hardly anybody heard it. {remedy}")
    return text.format(server=escape(permit.server.name), remedy=remedy)
