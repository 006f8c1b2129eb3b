"""The client: what it asks Discord for, how failures reach people, and that every command answers in time."""

import asyncio
import gettext
import json
import logging
import re

import discord
import pytest

from bot import discord_replies, discord_sync, discord_translator
from bot.client import WingcordClient
from bot.discord_sync import sync_if_changed
from bot.errors import PanelUnreachable
from bot.logs import _Facts
from tests.cogs.fakes import Script, TreeState


def syncs(world):
    return [r for r in world.env.http_requests if r.method == "PUT" and r.path.endswith("/commands")]


def test_no_privileged_intent_and_no_mentions():
    """Guilds only; nobody is ever pinged; nothing is for direct messages or user installs."""
    bot = WingcordClient(Script().services(), tree_state=TreeState())

    assert [name for name, on in bot.intents if on] == ["guilds"]
    assert bot.allowed_mentions.to_dict() == {"parse": []}
    assert bot.tree.allowed_contexts.to_array() == [0]
    assert bot.tree.allowed_installs.to_array() == [0]


async def restart(world):
    restarted = WingcordClient(world.script.services(), tree_state=world.tree_state)
    restarted.shard_count = 1
    await world.env.restart_bot(restarted)
    return restarted


async def test_commands_are_registered_once_and_then_only_when_they_change(world):
    """A restart with the same commands sends nothing; a changed command is sent; each application counts apart."""
    assert len(syncs(world)) == 1
    restarted = await restart(world)
    assert len(syncs(world)) == 1

    application = restarted.application_id
    restarted.tree.get_command("start").description = "Another text"
    assert await sync_if_changed(restarted.tree, application, world.tree_state) is True
    assert await sync_if_changed(restarted.tree, application, world.tree_state) is False


FOREIGN = {"name": "ping", "description": "Pong", "type": 1}


def overwritten(commands, how):
    """The commands as somebody else leaves them."""
    given = ("type", *SAID)
    rest = [{key: command[key] for key in given if command.get(key) is not None} for command in commands]
    if how == "all":
        return [FOREIGN]
    if how == "one more":
        return [*rest, FOREIGN]
    if how == "one less":
        return rest[1:]
    if how == "right":
        rest[-1]["default_member_permissions"] = "0" if rest[-1].get("default_member_permissions") else "32"
    elif how == "option":
        console = next(command for command in rest if command["name"] == "console")
        console["options"] = console["options"][:1]
    return rest


@pytest.mark.parametrize("how", ["all", "one more", "one less", "right", "option"])
async def test_commands_that_somebody_overwrote_are_restored_at_the_next_start(world, how):
    """And only then: no start sends what Discord has already."""
    application = world.bot.application_id
    before = await commands_of(world)
    await world.bot.http.bulk_upsert_global_commands(application, overwritten(before, how))
    assert said(await commands_of(world)) != said(before)
    sent = len(syncs(world))

    restarted = await restart(world)
    assert len(syncs(world)) == sent + 1
    assert said(await commands_of(world)) == said(before)
    await restart(world)
    assert len(syncs(world)) == sent + 1
    assert restarted.application_id == application


async def commands_of(world):
    return await world.bot.http.get_global_commands(world.bot.application_id)


def said(commands):
    return sorted(json.dumps({key: c.get(key) for key in SAID}, sort_keys=True) for c in commands)


SAID = ("name", "description", "options", "default_member_permissions")


async def test_what_discord_writes_in_its_own_way_is_not_registered_for_ever(world, monkeypatch):
    """It leaves out, adds and reorders; where it changes something, that is remembered."""
    request = world.bot.http.request

    async def own_way(route, **options):
        answer = await request(route, **options)
        if route.method == "GET" and route.path.endswith("/commands"):
            answer = [{**command, "description": command["description"] + ".", "new": 1} for command in answer]
        return answer

    monkeypatch.setattr(world.bot.http, "request", own_way)
    state, application = TreeState(), world.bot.application_id
    assert await sync_if_changed(world.bot.tree, application, state) is True
    assert await sync_if_changed(world.bot.tree, application, state) is False


@pytest.mark.parametrize("answer", [{"message": "hello"}, "<html>", [None], [{"id": "1"}], None])
async def test_an_answer_that_is_no_list_of_commands_stops_no_start(world, monkeypatch, answer):
    request = world.bot.http.request

    async def odd(route, **options):
        return answer if route.method == "GET" else await request(route, **options)

    monkeypatch.setattr(world.bot.http, "request", odd)
    assert await sync_if_changed(world.bot.tree, world.bot.application_id, TreeState()) is True


async def test_a_discord_that_does_not_answer_what_it_has_stops_no_start(world, monkeypatch):
    async def never(_route, **_options):
        await asyncio.Event().wait()

    monkeypatch.setattr(discord_sync, "_PATIENCE", 0.01)
    monkeypatch.setattr(world.bot.http, "request", never)
    assert await sync_if_changed(world.bot.tree, world.bot.application_id, world.tree_state) is False


@pytest.mark.parametrize(("known", "sent"), [(True, False), (False, True)])
async def test_where_discord_cannot_be_asked_what_it_has_the_last_registration_counts(world, known, sent):
    state = world.tree_state if known else TreeState()
    world.env.inject_error("GET", "/applications/*/commands", status=403)
    before = len(syncs(world))
    assert await sync_if_changed(world.bot.tree, world.bot.application_id, state) is sent
    assert len(syncs(world)) == before + sent


async def test_descriptions_are_offered_in_every_language_with_a_catalogue(world, monkeypatch):
    """Command names stay the words that documentation uses; a language without a catalogue adds nothing."""

    class Shouting(gettext.NullTranslations):
        def gettext(self, message):
            return message.upper()

    none = gettext.NullTranslations()
    monkeypatch.setattr(discord_translator, "_catalogue", lambda name: Shouting() if name == "zh_CN" else none)
    command = world.bot.tree.get_command("console")
    payload = await command.get_translated_payload(world.bot.tree, world.bot.tree.translator)

    assert payload["description_localizations"] == {"zh-CN": "THE LAST LINES OF A SERVER'S CONSOLE"}
    assert payload["options"][1]["description_localizations"] == {"zh-CN": "HOW MANY LINES, 20 IF LEFT OUT"}
    assert not payload.get("name_localizations")
    assert not payload["options"][1].get("name_localizations")


async def test_a_failed_registration_is_tried_again_next_time(world, caplog):
    """The fingerprint is kept only after success, and the bot works on."""
    state = TreeState()
    world.bot.tree.get_command("start").description = "Another text"
    world.env.inject_error("PUT", "/applications/*/commands", status=400)

    assert await sync_if_changed(world.bot.tree, world.bot.application_id, state) is False
    assert state.values == {}
    assert "did not take the slash commands" in caplog.text
    assert await sync_if_changed(world.bot.tree, world.bot.application_id, state) is True


@pytest.mark.parametrize(
    ("command", "method", "options"),
    [
        ("start", "servers.resolve", {}),
        ("start", "power.follow", {}),
        ("kill", "servers.resolve", {}),
        ("say", "consoles.say", {"message": "hello"}),
        ("command", "consoles.command", {"command": "list"}),
        ("console", "consoles.last_lines", {}),
        ("servers", "servers.overview", {}),
        ("status", "servers.status", {}),
        ("panel list", "panels.list", {}),
        ("panel remove", "panels.find", {}),
        ("panel replace-key", "panels.find", {}),
        ("server link", "servers.link", {"server": "x"}),
        ("access list", "access.list", {}),
        ("relay add", "servers.resolve_admin", {}),
    ],
)
async def test_every_command_acknowledges_in_time_when_a_service_hangs(world, command, method, options, monkeypatch):
    """Discord waits three seconds."""
    assert max(discord_replies.PATIENCE, discord_replies.LONGEST_LOOK_UP) < 2.5
    if command != "start":
        monkeypatch.setattr(discord_replies, "PATIENCE", 0.05)
        monkeypatch.setattr(discord_replies, "LONGEST_LOOK_UP", 0.05)
    world.script.hangs.add(method)
    world.env.settle_timeout = 30
    result = await world.admin.slash(world.channel, command, **options)

    assert result.acknowledged
    world.no_surprises()


async def test_a_hanging_panel_does_not_spoil_a_form(world):
    """Submitting acknowledges at once."""
    world.script.hangs.add("panels.connect")
    world.env.settle_timeout = 30
    shown = await world.admin.slash(world.channel, "panel connect")
    result = await world.admin.submit_modal(shown, {"url": "u", "api_key": "k"})

    assert result.deferred


@pytest.mark.parametrize("trouble", ["hangs", "fails", "refuses"])
async def test_autocomplete_answers_with_nothing_when_in_trouble(world, trouble):
    """There is no room for a sentence, and Discord shows an error for no answer at all."""
    if trouble == "hangs":
        world.script.hangs.add("servers.names")
        world.env.settle_timeout = 30
    elif trouble == "fails":
        world.script.fails["servers.names"] = RuntimeError("boom")
    else:
        world.script.fails["panels.find"] = RuntimeError("boom")
    command, option = ("server link", "server") if trouble == "refuses" else ("status", "server")
    filled = {"panel": "home"} if trouble == "refuses" else {}

    assert await world.admin.autocomplete(world.channel, command, option, "x", **filled) == []


async def test_the_unforeseen_becomes_an_incident(world, caplog):
    """The sentence leaks nothing; the log holds the traceback under the same word."""
    world.script.fails["servers.overview"] = RuntimeError("the password is hunter2")
    caplog.handler.addFilter(_Facts())
    result = await world.helper.slash(world.channel, "servers")

    found = re.search(r"incident ([0-9A-F]{6})", result.response.content)
    assert found
    assert "hunter2" not in result.response.content
    assert "RuntimeError" not in result.response.content
    record = next(r for r in caplog.records if found[1] in r.getMessage())
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.facts == {"guild": world.guild.id, "user": world.helper.id}
    assert "hunter2" in caplog.text
    assert [type(error) for error in world.refusals()] == [RuntimeError]


async def test_the_unforeseen_in_a_button_is_an_incident_too(world):
    """Views share the handling."""
    result = await world.helper.slash(world.channel, "status")
    world.script.fails["servers.status"] = RuntimeError("boom")
    pressed = await world.helper.click(result.response, label="Refresh")

    assert "incident" in pressed.followups[0].content
    assert pressed.followups[0].ephemeral
    assert [type(error) for error in world.refusals()] == [RuntimeError]


async def test_an_expired_interaction_is_no_incident(world, caplog):
    """Too late to answer: one quiet line."""
    caplog.set_level(logging.INFO, "bot")
    world.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062, message="Unknown interaction")
    await world.helper.slash(world.channel, "servers")

    assert "could not be answered any more" in caplog.text
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING and r.name.startswith("bot")]
    assert [error.code for error in world.refusals()] == [10062]


async def test_a_stranger_may_not_press_anothers_buttons(world):
    """Private messages hide buttons from others; should one be seen after all, it refuses."""
    result = await world.helper.slash(world.channel, "status")
    view = next(iter(world.bot.persistent_views), None)
    assert view is None
    world.env.backend.get_message(world.channel.id, result.response.id).flags = 0
    pressed = await world.stranger.click(result.response, label="Stop")

    assert "belong to someone else" in pressed.response.content
    assert pressed.ephemeral
    assert world.script.calls("power.follow") == []


async def test_a_button_older_than_the_process_is_answered(world):
    """After a restart nobody knows the view any more; the member is told instead of left waiting."""
    result = await world.helper.slash(world.channel, "status")
    restarted = WingcordClient(world.script.services(), tree_state=world.tree_state)
    restarted.shard_count = 1
    await world.env.restart_bot(restarted)
    pressed = await world.helper.click(result.response, label="Refresh")

    assert "too old" in pressed.response.content
    assert pressed.ephemeral


async def test_a_form_older_than_the_process_is_answered(world):
    """The same for forms."""
    shown = await world.admin.slash(world.channel, "panel connect")
    restarted = WingcordClient(world.script.services(), tree_state=world.tree_state)
    restarted.shard_count = 1
    await world.env.restart_bot(restarted)
    result = await world.admin.submit_modal(shown, {"url": "u", "api_key": "k"})

    assert "too old" in result.response.content
    assert world.script.calls("panels.connect") == []


async def test_commands_do_nothing_in_direct_messages(world):
    """Should Discord ever deliver one, it is refused with a sentence."""
    from bot.errors import BadInput
    from cogs._context import member_of

    class Direct:
        guild_id = None
        user = object()

    with pytest.raises(BadInput, match="only inside a Discord server"):
        member_of(Direct())


async def test_a_waiting_look_up_is_not_left_behind(world):
    """A command that Discord gave up on takes its look-up with it."""
    world.script.hangs.add("servers.resolve")
    world.env.settle_timeout = 30
    world.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062, message="Unknown interaction")
    await world.helper.slash(world.channel, "start")
    await asyncio.sleep(0)

    assert not [task for task in asyncio.all_tasks() if "resolve" in repr(task)]
    assert isinstance(world.refusals()[0], discord.NotFound)


async def test_nothing_that_is_sent_can_ping(world):
    """Answers, edits and follow-ups alike: every message body forbids mentions."""
    await world.helper.slash(world.channel, "start")
    question = await world.admin.slash(world.channel, "kill")
    await world.admin.click(question.response, label="Kill survival")
    await world.stranger.slash(world.channel, "say", message="@everyone")
    await world.env.advance_time(5)

    bodies = [r.json.get("data", r.json) for r in world.env.http_requests if isinstance(r.json, dict)]
    messages = [body for body in bodies if body.get("content")]
    assert len(messages) >= 6
    assert all(body["allowed_mentions"] == {"parse": []} for body in messages)
    world.no_surprises()


async def test_results_are_counted(world):
    """By command and by how it ended."""
    from bot import metrics

    def count(command, result):
        return (
            metrics.REGISTRY.get_sample_value("wingcord_interactions_total", {"command": command, "result": result})
            or 0.0
        )

    before = {result: count("servers", result) for result in ("ok", "refused", "error")}
    await world.helper.slash(world.channel, "servers")
    world.script.fails["servers.overview"] = PanelUnreachable("The panel does not answer.")
    await world.helper.slash(world.channel, "servers")
    world.script.fails["servers.overview"] = RuntimeError("boom")
    await world.helper.slash(world.channel, "servers")

    assert {result: count("servers", result) - number for result, number in before.items()} == {
        "ok": 1,
        "refused": 1,
        "error": 1,
    }
    assert len(world.refusals()) == 2


async def test_a_bot_that_nobody_has_invited_yet_says_so(world, caplog, monkeypatch):
    caplog.set_level("INFO", "bot.client")
    world.bot._told_ready = False
    monkeypatch.setattr(type(world.bot), "guilds", [])
    await world.bot.on_ready()
    (said,) = [record.getMessage() for record in caplog.records if record.getMessage().startswith("Ready")]
    assert "in no Discord server yet. To invite it:" in said


async def test_a_good_start_ends_with_who_it_is_where_and_how_to_invite_it(world, caplog):
    """Once: Discord says that all is ready after each lost session."""
    caplog.set_level("INFO", "bot.client")
    world.bot._told_ready = False
    await world.bot.on_ready()
    await world.bot.on_ready()
    (said,) = [record.getMessage() for record in caplog.records if record.getMessage().startswith("Ready")]
    assert f"({world.bot.application_id}), in 1 Discord server." in said
    assert said.endswith(f"client_id={world.bot.application_id}&scope=bot+applications.commands&permissions=117760")
