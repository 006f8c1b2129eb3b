"""What happens around a running relay: cuts, restarts, floods, the end of the process."""

import signal

import pytest

from sandbox.panel import Fault
from sandbox.panel.faults import Slow

from .conftest import readable


async def test_the_relay_comes_back_by_itself_after_a_cut_and_after_a_node_restart(world):
    (castle,) = await world.set_up("Paper Survival", running=True)
    castle.emit("before the cut")
    await world.shows("before the cut")
    world.panel.node.drop_sockets()
    castle.emit("during the cut")
    await world.panel.wait_for(lambda: world.panel.node.sockets(castle), timeout=30)
    castle.emit("after the cut")
    await world.shows("during the cut", "after the cut")
    assert world.console.text.count("before the cut") == 1
    assert world.console.text.count("during the cut") == 1

    world.panel.node.restart()
    await world.panel.wait_for(lambda: world.panel.node.sockets(castle), timeout=60)
    castle.emit("after the node restart")
    await world.shows("after the node restart", timeout=60)


async def test_a_burst_arrives_complete_in_order_and_without_a_429(world):
    """What messages cannot carry in time stands in a file, in its place."""
    (castle,) = await world.set_up("Paper Survival", running=True)
    castle.flood(300, "burst line {n} of many, padded to a usual length of a console line")
    await world.console.wait_for(lambda channel: "burst line 299 of" in readable(channel), timeout=60)
    castle.emit("after the burst")
    await world.shows("after the burst")
    text = readable(world.console)
    positions = [text.find(f"burst line {n} of") for n in range(300)]
    assert -1 not in positions
    assert positions == sorted(positions) and positions[-1] < text.find("after the burst")
    assert world.discord.count(status=429) == 0


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
async def test_it_ends_within_five_seconds_with_everything_read_delivered(world, end):
    """When it is told to, and when the terminal that it was started in is closed."""
    (castle,) = await world.set_up("Paper Survival", running=True)
    castle.flood(100, "last words {n} of this server, before the bot goes down for an update")
    castle.emit("the very last line")
    await world.shows("last words 1 of")
    code, seconds = await world.bot.stop(end)
    assert code == 0
    assert seconds < 5
    assert "the very last line" in readable(world.console)
    assert world.panel.node.sockets(castle) == 0


async def test_sigterm_while_signals_are_followed_tells_those_who_follow(world):
    """A server may take minutes to start; neither the person nor the process waits for it when the bot goes."""
    await world.set_up("Slow Survival", boot_seconds=60, relay=False)
    started = await world.slash(world.helper, "start")
    await world.says(started, "is starting")
    code, seconds = await world.bot.stop(signal.SIGTERM)
    assert code == 0
    assert seconds < 5
    await world.says(started, "going offline", "/status")


async def test_sigterm_while_the_panel_is_slow_leaves_nobody_with_an_answer_that_never_comes(world):
    await world.set_up("Paper Survival", running=True, relay=False)
    world.panel.faults.add(Fault(Slow(20), method="POST", path="/power"))
    stopped = await world.discord.slash(world.helper, world.general, "stop")
    await world.panel.wait_for(lambda: any("/power" in request.path for request in world.panel.requests), timeout=30)
    code, seconds = await world.bot.stop(signal.SIGTERM)
    assert code == 0
    assert seconds < 5
    assert not stopped.thinking and "may or may not have happened" in stopped.text


async def test_everything_is_there_again_after_a_restart_of_the_bot(world):
    (castle,) = await world.set_up("Paper Survival", running=True)
    synced = world.discord.count(method="PUT", route="/commands$")
    await world.bot.stop()
    await world.bot.start()
    await world.logs("console of Paper Survival: connected", times=2)
    castle.emit("a line for the second life")
    await world.shows("a line for the second life")
    stopped = await world.slash(world.helper, "stop")
    await world.says(stopped, "has stopped")
    assert world.discord.count(method="PUT", route="/commands$") == synced == 1


async def test_hostile_console_text_pings_nobody_and_breaks_no_block(world):
    (castle,) = await world.set_up("Paper Survival", running=True)
    castle.emit("<Mallory> @everyone ``` @here <@&1> \x1b]0;title\x07\x1b[2J join 203.0.113.9:25565 \u202egnp.exe")
    castle.emit("x" * 5000 + " end of the long line")
    await world.shows("end of the long line")
    for message in world.console.messages:
        assert not message.pings
        assert message.content.count("```") % 2 == 0
        assert "203.0.113.9" not in message.content


async def test_the_gateway_may_drop_and_the_bot_goes_on(world):
    (castle,) = await world.set_up("Paper Survival", running=True)
    world.discord.gateway.drop()
    castle.emit("while the gateway was away")
    await world.shows("while the gateway was away")
    await world.discord.wait_until(lambda: world.discord.gateway.connected > 0, timeout=30)
    stopped = await world.slash(world.helper, "stop")
    await world.says(stopped, "has stopped")


async def test_a_dead_node_is_told_in_words_and_the_channel_learns_of_its_return(world):
    (castle,) = await world.set_up("Paper Survival", running=True, allow="moderator")
    world.panel.node.down()
    refused = await world.slash(world.helper, "stop")
    await refused.wait_for(
        lambda reply: "the machine that runs this server does not answer" in reply.text and reply.ephemeral, timeout=30
    )
    answered = await world.slash(world.helper, "command", command="list")
    assert "does not answer" in answered.text
    await world.panel.node.up()
    await world.panel.wait_for(lambda: world.panel.node.sockets(castle), timeout=60)
