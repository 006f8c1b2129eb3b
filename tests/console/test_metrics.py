"""What the metrics count of consoles."""

from bot.console.events import Connected, Disconnected
from bot.metrics import console_reconnects, console_sessions

from .conftest import eventually, until_kind


def value(metric):
    return metric._value.get()


async def test_open_consoles_and_reconnects_are_counted(hub, wings, target):
    """A console counts while lines flow, each return after a loss counts once, and nothing is left in the end."""
    open_before, again_before = value(console_sessions), value(console_reconnects)

    async def live(socket):
        await socket.welcome(history=("one",))
        await socket.idle()

    wings.scripts = [live]
    async with hub.listen(target) as listener:
        await until_kind(listener, Connected)
        assert value(console_sessions) == open_before + 1
        assert value(console_reconnects) == again_before
        wings.sockets[-1].connection.transport.abort()
        await until_kind(listener, Disconnected)
        assert value(console_sessions) == open_before
        await until_kind(listener, Connected)
        assert value(console_sessions) == open_before + 1
        assert value(console_reconnects) == again_before + 1
    await eventually(lambda: value(console_sessions) == open_before)
