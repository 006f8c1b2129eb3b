"""Who did what, by which right, and what came of it: one line in the log for each attempt, never two."""

import asyncio
import io
import json
import logging

import pytest

from bot.errors import BadInput, BotError, NotAllowed, OutcomeUnknown
from bot.logs import JsonFormatter, _Facts
from bot.services.granting import Patterns
from bot.terms import Action, Signal
from sandbox.panel import Fault, faults

from .conftest import GUILD


@pytest.fixture
def log():
    """What was noted since the last look, as a machine reads it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(_Facts())
    logger = logging.getLogger("bot.services.action_log")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    def look():
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        stream.truncate(0)
        stream.seek(0)
        return lines

    yield look
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
async def castle(place, admin, log):
    place.made = place.server("Castle", running=True, boot_seconds=0.3)
    await place.connect(admin)
    linked = await place.link(admin, "Castle")
    given = await place.services.access.grant(
        admin, role_id=70, allow="start, stop, say, command, console, view", server=None, panel=None, commands=None
    )
    place.grant = given.after
    log()
    return linked


def one(log):
    lines = log()
    assert len(lines) == 1, lines
    assert lines[0]["level"] == "info"
    return lines[0]


def facts(line):
    return {name: line[name] for name in line if name not in {"time", "level", "logger", "message"}}


async def test_what_was_sent_is_noted_with_the_grant_and_the_key_that_did_it(place, castle, helper, log):
    by_grant = {
        "guild": GUILD,
        "user": helper.user_id,
        "server": castle.id,
        "panel": castle.panel_id,
        "grant": place.grant.id,
        "role": 70,
    }
    await place.say(helper, castle, "hello")
    line = one(log)
    assert line["message"] == "say on “Castle”: “hello”: sent"
    assert facts(line) == by_grant
    await place.command(helper, castle, "list")
    line = one(log)
    assert line["message"] == "command on “Castle”: “list”: sent"
    assert facts(line) == by_grant
    await place.last_lines(helper, castle, 5)
    assert one(log)["message"] == "console on “Castle”: shown"
    await place.follow(helper, castle, Signal.STOP)
    line = one(log)
    assert line["message"] == "stop on “Castle”: sent"
    assert facts(line) == by_grant


async def test_who_needs_no_grant_is_told_apart_and_another_key_is_named(place, castle, admin, helper, log):
    await place.say(admin, castle, "hello")
    assert facts(one(log)) == {
        "guild": GUILD, "user": admin.user_id, "server": castle.id, "panel": castle.panel_id, "by": "manage server",
    }  # fmt: skip
    user = place.panel.add_user("second")
    place.panel.add_subuser(place.made, user, ["control.console"])
    second = (await place.connect(admin, label="Second", key=place.panel.add_key(user))).panel
    await place.services.access.revoke(admin, role_id=70, server=None)
    await place.services.access.grant(admin, role_id=70, allow="command", server=castle, panel=second, commands="list")
    log()
    await place.command(helper, castle, "list")
    assert one(log)["panel"] == second.id


async def test_a_refusal_is_noted_wherever_it_comes_from(place, castle, admin, helper, log):
    """At the look-up, at a button, by a pattern, by what was typed, and in the last moment."""
    resolve = place.services.servers.resolve
    with pytest.raises(NotAllowed):
        await resolve(helper, "Castle", channel_id=1, action=Action.KILL)
    line = one(log)
    assert line["message"].startswith("kill: refused: You may not kill")
    assert (line["guild"], line["user"]) == (GUILD, helper.user_id)
    with pytest.raises(BadInput):
        await resolve(helper, "Nowhere", channel_id=1, action=Action.START)
    assert one(log)["message"].startswith("start: refused: No server here is called “Nowhere”")
    with pytest.raises(NotAllowed):
        await place.permit(helper, Action.KILL, castle)
    line = one(log)
    assert line["message"].startswith("kill on “Castle”: refused: ")
    assert line["server"] == castle.id
    with pytest.raises(BadInput):
        await place.say(helper, castle, "two\nlines")
    assert one(log)["message"].startswith("say on “Castle”: “two\\nlines”: refused: ".replace("\\n", "\n"))
    permit = await place.permit(helper, Action.COMMAND, castle)
    limits = {"server": None, "panel": None, "commands": "seed", "patterns": Patterns.REPLACE}
    await place.services.access.grant(admin, role_id=70, allow="command", **limits)
    log()
    with pytest.raises(NotAllowed):
        await place.services.consoles.command(permit, "list")
    assert one(log)["message"].startswith("command on “Castle”: “list”: refused: ")
    start = await place.permit(admin, Action.RESTART, castle)
    await place.services.servers.unlink(admin, castle)
    log()
    with pytest.raises(NotAllowed):
        await anext(place.services.power.follow(start))
    assert one(log)["message"].startswith("restart on “Castle”: refused: ")


async def test_what_came_of_it_is_written_for_a_terminal(place, admin, helper, log):
    """Sentences for Discord escape names and have signs of their own, which help nobody in a log."""
    place.made = place.server("My_World [1]", running=True, boot_seconds=0.3)
    await place.connect(admin)
    linked = await place.link(admin, "My_World [1]")
    log()
    with pytest.raises(BotError):
        await place.services.servers.resolve(helper, "My_World [1]", channel_id=1, action=Action.VIEW)
    with pytest.raises(NotAllowed):
        await place.permit(helper, Action.KILL, linked)
    await place.services.servers.unlink(admin, linked)
    with pytest.raises(NotAllowed):
        await place.services.servers.unlink(admin, linked)
    messages = [line["message"] for line in log()]
    assert [message for message in messages if "*" in message or "\\" in message or "`" in message] == []
    assert any("You may not kill My_World [1]:" in message for message in messages)


async def test_a_failure_says_what_failed_and_whether_it_may_have_happened(place, castle, helper, log):
    place.panel.faults.add(Fault(faults.gateway(), path="/command$"))
    with pytest.raises(BotError):
        await place.command(helper, castle, "list")
    assert one(log)["message"].startswith("command on “Castle”: “list”: failed: ")
    place.panel.faults.add(Fault(faults.Reset(after_action=True), path="/command$"))
    with pytest.raises(OutcomeUnknown):
        await place.command(helper, castle, "list")
    assert one(log)["message"].startswith("command on “Castle”: “list”: sent, but nobody knows")


async def test_what_was_needless_was_not_sent(place, castle, helper, log):
    await place.follow(helper, castle, Signal.START)
    assert one(log)["message"] == "start on “Castle”: not sent, because it is running"


async def test_what_breaks_off_behind_the_sending_was_sent_all_the_same(place, castle, helper, log):
    acting = asyncio.create_task(place.command(helper, castle, "seed"))
    await place.panel.wait_for(lambda: place.panel.commands_received(place.made) == ["seed"])
    for _round in range(10):
        await asyncio.sleep(0.01)
    acting.cancel()
    await asyncio.gather(acting, return_exceptions=True)
    assert one(log)["message"] == "command on “Castle”: “seed”: sent"


async def test_console_lines_are_masked_and_cut(place, castle, helper, log):
    await place.command(helper, castle, "ban-ip 203.0.113.77 " + "x" * 900)
    message = one(log)["message"]
    assert "203.0.113.77" not in message
    assert len(message) < 300
    assert message.endswith("…”: sent")


async def test_typing_and_looking_are_not_noted_but_that_a_console_was_shown_is_without_its_lines(
    place, castle, helper, log
):
    servers = place.services.servers
    await place.status(helper, castle)
    await servers.overview(helper)
    await servers.names(helper, Action.KILL, "c")
    await servers.resolve(helper, None, channel_id=1, action=Action.START)
    assert log() == []
    place.made.emit("a secret")
    await place.last_lines(helper, castle, 5)
    assert one(log)["message"] == "console on “Castle”: shown"


async def test_each_change_of_an_admin_is_noted_and_no_key_with_it(place, castle, admin, helper, log):
    services, another = place.services, place.panel.add_key(place.user)
    whole = []

    def noted(start, **about):
        line = one(log)
        whole.append(json.dumps(line))
        assert line["message"].startswith(start), line
        assert facts(line) == {"guild": GUILD, "user": admin.user_id, **about}

    await services.access.grant(admin, role_id=71, allow="say", server=castle, panel=None, commands=None)
    noted("access grant allow=“say”: done", role=71, server=castle.id)
    await services.access.revoke(admin, role_id=71, server=None)
    noted("access revoke: done", role=71)
    await services.servers.edit(admin, castle, name="Keep", say_template=None)
    noted("server edit name=“Keep”: done", server=castle.id)
    await services.relays.add(admin, server=castle, channel_id=5)
    noted("relay add: done", server=castle.id, channel=5)
    await services.relays.pause(admin, server=None, channel_id=5, minutes=3)
    noted("relay pause minutes=“3”: done", channel=5)
    await services.relays.remove(admin, server=None, channel_id=5)
    noted("relay remove: done", channel=5)
    panel = await services.panels.find(admin, None)
    await services.panels.replace_key(admin, panel, another)
    noted("panel replace-key: done", panel=panel.id)
    await services.servers.unlink(admin, castle)
    noted("server unlink: done", server=castle.id)
    await services.panels.remove(admin, panel)
    noted("panel remove: done", panel=panel.id)
    await services.panels.connect(admin, url=place.panel.url, key=another, label="Again")
    noted("panel connect label=“Again”: done")
    with pytest.raises(BotError):
        await services.panels.connect(admin, url=place.panel.url, key="ptlc_" + "w" * 43, label="Wrong")
    noted("panel connect label=“Wrong”: failed: ")
    for change in (
        services.access.revoke(helper, role_id=70, server=None),
        services.relays.remove(helper, server=None, channel_id=5),
        services.panels.remove(helper, panel),
    ):
        with pytest.raises(NotAllowed):
            await change
        line = one(log)
        assert "refused: Only members with the Manage Server permission" in line["message"]
        assert line["user"] == helper.user_id
    for secret in (another, place.key, "w" * 43):
        assert secret not in "".join(whole)
