"""What can happen to a relay: each trouble is one function that does it once, at random in its details."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from bench.world import World

Trouble = Callable[[World, random.Random], Awaitable[None]]
POST = r"^POST /channels/\d+/messages$"


async def kill(world: World, rng: random.Random) -> None:
    """SIGKILL, a while of nothing, and a new start."""
    await world.child.kill()
    await asyncio.sleep(rng.uniform(0.0, 2.0))
    await world.child.start()


async def errors(world: World, rng: random.Random) -> None:
    """Discord answers posts with 500, 502 or 504, up to four times in a row, before or after having taken them."""
    world.discord.faults.status(rng.choice((500, 502, 504)), POST, count=rng.randint(1, 4), after=rng.random() < 0.5)


async def hangs(world: World, rng: random.Random) -> None:
    """Discord lets a post hang, before or after having taken it."""
    world.discord.faults.hang(rng.uniform(1.0, 12.0), POST, after=rng.random() < 0.5)


async def resets(world: World, rng: random.Random) -> None:
    """Discord cuts the connection of a post, before or after having taken it."""
    world.discord.faults.reset(POST, count=rng.randint(1, 3), after=rng.random() < 0.5)


async def gateway(world: World, rng: random.Random) -> None:
    """Discord's gateway drops, asks for a resume, or forgets the session."""
    switches = world.discord.gateway
    act = rng.choice(
        (
            switches.drop,
            switches.reconnect,
            lambda: switches.invalidate(resumable=True),
            lambda: switches.invalidate(resumable=False),
        )
    )
    act()
    await asyncio.sleep(rng.uniform(0.0, 1.0))


async def wings(world: World, rng: random.Random) -> None:
    """Wings restarts and refuses older tickets."""
    await world.panel.node.restart(rng.uniform(0.2, 2.0))


async def cut(world: World, rng: random.Random) -> None:
    """The console sockets break without a close frame."""
    await asyncio.sleep(rng.uniform(0.0, 0.1))
    world.panel.node.drop_sockets()


async def kill_in_trouble(world: World, rng: random.Random) -> None:
    """Discord takes a post and hides it behind an error or a long wait; the bot is killed before it can ask again."""
    trouble = rng.choice((errors, hangs, resets))
    await trouble(world, rng)
    await asyncio.sleep(rng.uniform(0.1, 1.5))
    await kill(world, rng)
    world.discord.faults.clear()


async def mixed(world: World, rng: random.Random) -> None:
    """Any of the others."""
    await rng.choice((kill, errors, hangs, resets, gateway, wings, cut, kill_in_trouble))(world, rng)


TROUBLES: dict[str, Trouble] = {
    "kill": kill,
    "errors": errors,
    "hangs": hangs,
    "resets": resets,
    "gateway": gateway,
    "wings": wings,
    "cut": cut,
    "kill-in-trouble": kill_in_trouble,
    "mixed": mixed,
}
