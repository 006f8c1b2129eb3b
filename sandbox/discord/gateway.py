"""The gateway side of the stand-in: sessions, and events to the right shard."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .compression import compressor
from .connection import CloseWith, Connection
from .guild import INTENT_MEMBERS
from .sessions import Session
from .switches import Switches, invalid_session

if TYPE_CHECKING:
    from .guild import Guild
    from .interaction import Interaction
    from .world import World

Json = dict[str, Any]

PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
"""Intents that must be switched on in the portal: members, presences, message content."""
MESSAGE_CONTENT = 1 << 15
KNOWN_INTENTS = (1 << 17) - 1 | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25
SESSIONS_PER_DAY = 1000


class Gateway(Switches):
    """All sessions of the bot. The counters (`identifies`, `resumes`, `connects`, `heartbeats`) only grow.

    `close_codes` lists how connections ended (1006: without a close frame). `identify_gap` is the least time in
    seconds between two IDENTIFYs of one shard bucket; Discord's 5 s are off by default so that tests may restart bots.
    """

    def __init__(self, world: World, token: str, *, shards: int, heartbeat_interval: float, privileged: int) -> None:
        super().__init__(world.hub)
        self._world = world
        self._token = token
        self.shards = shards
        self.heartbeat_interval = heartbeat_interval
        self.privileged = privileged
        self.events_per_minute = 120
        self.identify_gap = 0.0
        self.url = ""
        self.refusal = ""
        """Why the newest connection could not be made, as a sentence; empty since one could."""
        self.identifies = self.resumes = self.connects = self.refused = self.heartbeats = 0
        self.close_codes: list[int] = []
        self._last_identify: dict[int, float] = {}
        world.emit = self.emit

    # what the bot does

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The websocket endpoint."""
        if not self.available:
            self.refused += 1
            return web.Response(status=503, text="gateway down")
        try:
            pack = compressor(request.query.get("compress"))
        except (ValueError, ImportError) as error:
            return self._refuse(f"it cannot send compress={request.query['compress']}: {error}")
        ws = web.WebSocketResponse(compress=False, autoping=True, max_msg_size=0)
        await ws.prepare(request)
        if request.query.get("v", "10") != "10" or request.query.get("encoding", "json") != "json":
            await ws.close(code=4012, message=b"Invalid API version.")
            return ws
        connection = Connection(self, request, ws, pack)
        connection.acks = self.acks
        self.connections.append(connection)
        self.connects += 1
        self.refusal = ""
        await connection.run()
        return ws

    def _refuse(self, why: str) -> web.Response:
        """Turns a bot away before it is connected; it hears the status alone, so the reason is kept for people."""
        self.refusal = f"The stand-in of Discord refused the bot's gateway connection: {why}."
        self._world.hub.tell("gateway", self.refusal)
        return web.Response(status=400, text=self.refusal)

    def heard_heartbeat(self) -> None:
        """Counts a heartbeat."""
        self.heartbeats += 1
        self._world.hub.wake()

    def left(self, connection: Connection, ours: int | None, theirs: int | None) -> None:
        """A connection has ended, by our close code or theirs.

        The session stays resumable unless the bot said good-bye with 1000 or 1001, or was silent for too long.
        """
        if connection in self.connections:
            self.connections.remove(connection)
        code = ours or theirs or 1006
        self.close_codes.append(code)
        session = connection.session
        if session and session.connection is connection:
            session.connection = None
            if ours == 4009 or (ours is None and theirs in (1000, 1001)):
                self.sessions.pop(session.id, None)
        self._world.hub.tell("gateway", f"disconnected ({code})")

    def identify(self, connection: Connection, data: Json) -> None:
        """IDENTIFY: checks token, shard and intents, then READY and the guilds."""
        if connection.session:
            raise CloseWith(4005, "Already authenticated.")
        self.identifies += 1
        if data.get("token") != self._token or self.identifies > SESSIONS_PER_DAY:
            raise CloseWith(4004, "Authentication failed.")
        number, count = data.get("shard") or (0, 1)
        if not 0 <= number < count:
            raise CloseWith(4010, "Invalid shard.")
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            raise CloseWith(4013, "Invalid intent(s).")
        if intents & PRIVILEGED & ~self.privileged:
            raise CloseWith(4014, "Disallowed intent(s).")
        now = time.monotonic()
        if now - self._last_identify.get(number, -1e9) < self.identify_gap:
            connection.send(invalid_session(resumable=False))
            return
        self._last_identify[number] = now
        session = Session(f"session-{self._world.ids.now()}", (number, count), intents, connection)
        for old in [item for item in self.sessions.values() if item.shard == session.shard and not item.connection]:
            del self.sessions[old.id]  # nobody will come back for it
        self.sessions[session.id] = session
        connection.session = session
        self._greet(session)

    def _greet(self, session: Session) -> None:
        guilds = [guild for guild in self._world.guilds.values() if session.handles(guild.id)]
        ready: Json = {
            "v": 10,
            "user": self._world.self_payload(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "application": {"id": str(self._world.application_id), "flags": 0},
            "private_channels": [],
            "presences": [],
            "relationships": [],
            "user_settings": {},
        }
        session.dispatch("READY", ready)
        for guild in guilds:
            if guild.available:
                self._emit_to(session, "GUILD_CREATE", {"unavailable": False}, guild)
        self._world.hub.tell("gateway", "identified")

    def resume(self, connection: Connection, data: Json) -> None:
        """RESUME: replays what was missed, or op 9 if the session is gone."""
        if connection.session:
            raise CloseWith(4005, "Already authenticated.")
        if data.get("token") != self._token:
            raise CloseWith(4004, "Authentication failed.")
        session = self.sessions.get(str(data.get("session_id")))
        seq = int(data.get("seq") or 0)
        if session and seq > session.seq:
            raise CloseWith(4007, "Invalid seq.")
        missed = session.missed_since(seq) if session else None
        if session is None or missed is None:
            connection.send(invalid_session(resumable=False))
            return
        self.resumes += 1
        if session.connection:
            session.connection.close(4000, "Session taken over.")
        connection.session = session
        session.connection = connection
        for payload in missed:
            connection.send(payload)
        session.dispatch("RESUMED", {"_trace": []})
        self._world.hub.tell("gateway", "resumed")

    def send_members(self, session: Session, data: Json) -> None:
        """REQUEST_GUILD_MEMBERS: the whole list, a prefix search, or single ids, in one chunk."""
        guild = self._world.guilds.get(int(data.get("guild_id") or 0))
        if guild is None:
            return
        members = list(guild.members.values())
        if data.get("user_ids") is not None:
            ids = [data["user_ids"]] if isinstance(data["user_ids"], str | int) else data["user_ids"]
            members = [member for member in members if str(member.id) in map(str, ids)]
        else:
            prefix = str(data.get("query") or "").lower()
            members = [member for member in members if member.name.lower().startswith(prefix)]
            members = members[: data.get("limit") or None]
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [member.payload() for member in members],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [],
        }
        if data.get("nonce"):
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    # what the bot hears

    def emit(self, event: str, data: Json, guild: Guild, intent: int) -> None:
        """Sends an event about a guild to the shards that handle it and asked for it."""
        for session in list(self.sessions.values()):
            if session.handles(guild.id) and session.intents & intent:
                self._emit_to(session, event, data, guild)

    def _emit_to(self, session: Session, event: str, data: Json, guild: Guild) -> None:
        if event == "GUILD_CREATE":
            # a guild joined just now carries no `unavailable`; discord.py tells the two cases apart by that
            data = guild.create_payload(all_members=bool(session.intents & INTENT_MEMBERS)) | data
        elif event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and not session.intents & MESSAGE_CONTENT:
            data = self._without_content(data)
        session.dispatch(event, data)

    def _without_content(self, data: Json) -> Json:
        """Blanks what people write, unless they wrote to the bot by mentioning it."""
        own = data["author"]["id"] == str(self._world.bot.id)
        if own or f"<@{self._world.bot.id}>" in data["content"]:
            return data
        return data | {"content": "", "embeds": [], "attachments": [], "components": []}

    def interaction(self, interaction: Interaction) -> None:
        """INTERACTION_CREATE, whatever the intents."""
        guild = interaction.channel.guild
        for session in list(self.sessions.values()):
            if session.handles(guild.id):
                session.dispatch("INTERACTION_CREATE", interaction.payload(self._world))

    def info(self) -> Json:
        """What GET /gateway/bot answers."""
        left = max(0, SESSIONS_PER_DAY - self.identifies)
        limit = {"total": SESSIONS_PER_DAY, "remaining": left, "reset_after": 14_400_000, "max_concurrency": 1}
        return {"url": self.url, "shards": self.shards, "session_start_limit": limit}
