"""Players of the make-believe servers: they come, talk and go, so that the consoles look alive but calm."""

import asyncio
import random

from sandbox.panel import Server

NAMES = ("Alex", "Ruth_42", "mango_cat", "Old_Tom", "Yuki", "Bjorn", "Zoé")
TALK = (
    "anyone near spawn?",
    "the bridge is done!!",
    "who built this <castle>?",
    "brb, dinner",
    "trade 12 iron for a saddle?",
    "gg & thanks",
    "there is a village at 420 ~ -88",
    "careful, creepers at the gate",
    "good night all",
    "lol",
)
EVENTS = (
    "\x1b[33m[{time} WARN]: Can't keep up! Is the server overloaded? Running 2{n}4ms or 4 ticks behind\x1b[0m",
    "[{time} INFO]: \x1b[36m{name}\x1b[0m has made the advancement \x1b[32m[Suit Up]\x1b[0m",
    "[{time} INFO]: Saved the game",
    "[{time} INFO]: \x1b[31m{name} was slain by Zombie\x1b[0m",
)
PLAYERS = 4
"""More do not come by themselves."""


class Chatter:
    """Life on all running servers while it is switched on."""

    def __init__(self, servers: list[Server], seed: int = 7) -> None:
        self.on = True
        self._servers = servers
        self._rng = random.Random(seed)

    async def run(self) -> None:
        """Let something happen on each running server every few seconds, until cancelled."""
        await asyncio.gather(*(self._live(server) for server in self._servers))

    async def _live(self, server: Server) -> None:
        while True:
            await asyncio.sleep(self._rng.uniform(4.0, 11.0))
            if self.on and server.state == "running":
                self._something(server)

    def _something(self, server: Server) -> None:
        game, rng = server.runtime.game, self._rng
        if game is None:
            return
        absent = [name for name in NAMES if name not in game.players and game.saved.lets_in(name)]
        if not absent and not game.players:
            return  # nobody may join
        dice = rng.random()
        if not game.players or (dice < 0.15 and absent and len(game.players) < PLAYERS):
            game.joins(rng.choice(absent))
        elif dice < 0.25 and len(game.players) > 1:
            game.leaves(rng.choice(game.players), "Disconnected")
        elif dice < 0.5:
            stamp = server.runtime.clock.now()
            text = rng.choice(EVENTS)
            server.emit(text.format(time=_clock(stamp), name=rng.choice(game.players), n=rng.randint(0, 9)))
        else:
            game.says(rng.choice(game.players), rng.choice(TALK))


def _clock(seconds: float) -> str:
    day = int(seconds) % 86_400
    return f"{day // 3600:02}:{day // 60 % 60:02}:{day % 60:02}"
