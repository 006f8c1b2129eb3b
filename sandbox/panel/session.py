"""One console socket: who it belongs to, what it may ask, and what it is told."""

import asyncio
import contextlib
import uuid
import zlib
from typing import TYPE_CHECKING, Any, cast

from aiohttp import WSMsgType, web

from sandbox.panel.clock import Clock
from sandbox.panel.faults import SocketClose, SocketEffect, SocketTrouble
from sandbox.panel.inbound import InboundThrottle, parse
from sandbox.panel.outbound import Outbound
from sandbox.panel.power import ACTIONS, LockedError, PowerError
from sandbox.panel.tickets import Ticket, TicketError

if TYPE_CHECKING:
    from sandbox.panel.runtime import Runtime
    from sandbox.panel.wings import Node

TICK_SECONDS = 30.0
EXPIRING_SECONDS = 60.0
FRAME_BYTES = 4096
INFLATED_BYTES = 32768
GENERIC = "an unexpected error was encountered while handling this request"
LOCKED = "another power action is currently being processed for this server, please try again later"


class Session:
    """A socket from its 101 to its end (`wings router/websocket/websocket.go`)."""

    def __init__(
        self,
        node: "Node",
        runtime: "Runtime",
        socket: web.WebSocketResponse[Any],
        request: web.Request,
        effects: list[SocketEffect],
    ) -> None:
        self.node = node
        self.runtime = runtime
        self.clock: Clock = node.clock
        self.ticket: Ticket | None = None
        self._socket = socket
        self._request = request
        self._effects = effects
        self.out = Outbound(
            socket, request, effects, drop=node.drop_for_slow_readers, ticket_error=self._ticket_error, may=self._may
        )
        self._throttle = InboundThrottle(self.clock) if node.facts.modern_wings else None
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- life ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve the socket to its end."""
        if self.node.auth_deadline is not None:
            self._spawn(self._deadline(self.node.auth_deadline))
        try:
            if not await self._opening_trouble():
                await self._read()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _opening_trouble(self) -> bool:
        if SocketTrouble.ABRUPT_CLOSE in self._effects:
            self.abort()
            return True
        for effect in self._effects:
            if isinstance(effect, SocketClose) and not effect.at_auth:
                await self.close(effect.code, effect.reason)
                return True
        return False

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            text = cast("str", message.data)
            if self.node.facts.modern_wings:
                if self._received_bytes(text) > FRAME_BYTES:
                    await self.close(1009, "")
                    return
                if len(text.encode()) > INFLATED_BYTES:
                    continue
            if SocketTrouble.MUTE not in self._effects:
                await self._handle(text)

    def _received_bytes(self, text: str) -> int:
        data = text.encode()
        if not self._socket.compress:
            return len(data)
        deflate = zlib.compressobj(wbits=-15)
        return len(deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH))

    async def _deadline(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        if self.ticket is None:
            await self.close(1008, "")

    def abort(self) -> None:
        """End the TCP connection without a close frame."""
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    async def pour(self, frames: bytes) -> None:
        """Send ready-made frames as a node may that keeps none of Wings' limits; waits for a reader that is slow."""
        transport = self._request.transport
        if transport is not None and not transport.is_closing():
            transport.write(frames)
            await self._request.writer.drain()

    async def close(self, code: int, reason: str) -> None:
        """End with a close frame."""
        with contextlib.suppress(ConnectionError):
            await self._socket.close(code=code, message=reason.encode())

    def close_soon(self, code: int, reason: str) -> None:
        """End with a close frame, without waiting for the other side."""
        self.runtime.spawn(self.close(code, reason))

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[Any] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what is asked ---------------------------------------------------------------------------------------

    async def _handle(self, text: str) -> None:
        parsed = parse(text)
        refused = None if self._throttle is None else self._throttle.refuses(None if parsed is None else parsed[0])
        if refused:
            await self.out.write("throttled", refused)
        if parsed is None or refused is not None:
            return
        event, argument = parsed
        if event == "auth":
            await self._authenticate(argument)
            return
        error = self._ticket_error()
        if error is not None:
            await self.out.write("jwt error", error)
            return
        await self._obey(event, argument)

    async def _obey(self, event: str, argument: str) -> None:
        if event == "set state":
            self._set_state(argument)
        elif event == "send command":
            self._send_command(argument)
        elif event == "send logs":
            self.runtime.note("socket", "asked for history")
            for line in self.runtime.history():
                await self.out.tell("console output", line)
        elif event == "send stats":
            await self.out.tell("stats", self.runtime.meter.reply(self.runtime.state))

    async def _authenticate(self, token: str) -> None:
        for effect in self._effects:
            if isinstance(effect, SocketClose):
                await self.close(effect.code, effect.reason)
                return
        try:
            ticket = self.node.tickets.admit(token, self.runtime.server.uuid)
        except TicketError as error:
            await self.out.write("jwt error" if error.about_ticket else "daemon error", _tagged(error.text))
            return
        first = self.ticket is None
        self.ticket = ticket
        self.runtime.note("socket", f"authenticated {ticket.user_uuid}")
        await self.out.write("auth success")
        if not first:
            return
        self._attach()
        state = self.runtime.state
        if SocketTrouble.NO_STATUS not in self._effects:
            await self.out.tell("status", state)
        if state == "offline" and not self.runtime.installing and not self.runtime.server.transferring:
            await self.out.tell("stats", self.runtime.meter.reply(state))

    def _attach(self) -> None:
        self.out.attached = True
        self._spawn(self.out.hand_over())
        self._spawn(self._tick())

    def _ticket_error(self) -> str | None:
        if self.ticket is None:
            return "jwt: no jwt present"
        return self.node.tickets.error(self.ticket, self.runtime.server.uuid)

    def _may(self, permission: str) -> bool:
        return self.ticket is not None and self.ticket.may(permission)

    def _set_state(self, action: str) -> None:
        needed = "control.stop" if action == "kill" else f"control.{action}"
        if action in ACTIONS:
            if not self._may(needed):
                return
            self.runtime.power.received(action)
        self._spawn(self._act(action))

    async def _act(self, action: str) -> None:
        # The action belongs to the server, not to the socket: it goes on when the socket ends.
        work = self.runtime.spawn(self.runtime.power.act(action))
        work.add_done_callback(_look_at)
        try:
            await asyncio.shield(work)
        except LockedError:
            await self.out.tell("daemon error", _tagged(LOCKED))
        except PowerError as error:
            text = str(error) if self._may("admin.websocket.errors") else GENERIC
            await self.out.write("daemon error", _tagged(text))

    def _send_command(self, line: str) -> None:
        runtime = self.runtime
        if not self._may("control.console") or runtime.state == "offline":
            return
        if runtime.state == "starting" and not runtime.attached:
            return
        runtime.command(line)

    async def _tick(self) -> None:
        due = self.clock.elapsed()
        while True:
            due += TICK_SECONDS
            await self.clock.sleep(max(0.0, due - self.clock.elapsed()))
            if self.ticket is None:
                continue
            remaining = self.ticket.expires - self.clock.now()
            if remaining <= 0:
                await self.out.tell("token expired")
            elif remaining <= self.clock.real(EXPIRING_SECONDS):
                await self.out.tell("token expiring")


def _look_at(work: asyncio.Task[Any]) -> None:
    """Its failure is nobody's business any more when the socket has ended meanwhile."""
    if not work.cancelled():
        work.exception()


def _tagged(text: str) -> str:
    return f"Error Event [{uuid.uuid4()}]: {text}"
