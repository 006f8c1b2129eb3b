"""`/start`, `/stop`, `/restart`, `/kill`: rights first, one public message to the end, errors in private."""

import discord
import pytest

from bot.errors import NotAllowed, OutcomeUnknown, PanelUnreachable, StoreTrouble, StoreUnavailable
from bot.services import Progress
from bot.terms import Action, Signal
from tests.cogs.fakes import HANG


@pytest.mark.parametrize("signal", [Signal.START, Signal.STOP, Signal.RESTART])
async def test_a_signal_is_followed_in_one_public_message(world, signal):
    """The reply is public and ends with the last step's sentence; the signal is sent once."""
    result = await world.helper.slash(world.channel, signal.value)
    await world.env.advance_time(5)

    assert result.response.content == "running after 34 s"
    assert [message.id for message in world.public()] == [result.response.id]
    assert [call[2] for call in world.script.calls("power.follow")] == [signal]


async def test_the_message_shows_the_way_and_the_end(world):
    """Each step replaces the one before."""
    world.script.steps = [
        Progress("Starting …"),
        20.0,
        Progress("is starting …"),
        20.0,
        Progress("running after 40 s", done=True, ok=True),
    ]
    result = await world.helper.slash(world.channel, "start", server="survival")

    assert result.response.content == "Starting …"
    await world.env.advance_time(21)
    assert result.response.content == "is starting …"
    await world.env.advance_time(21)
    assert result.response.content == "running after 40 s"


async def test_fast_steps_do_not_become_many_edits(world):
    """Thirty steps within a moment cost a handful of requests, and the last is shown."""
    steps = [Progress(f"step {number}") for number in range(30)]
    world.script.steps = [*steps, 20.0, Progress("done", done=True, ok=True)]
    result = await world.helper.slash(world.channel, "start")
    await world.env.advance_time(5)

    edits = [r for r in world.env.http_requests if r.method == "PATCH" and r.path.endswith("@original")]
    assert result.response.content == "step 29"
    assert len(edits) <= 4
    await world.env.advance_time(30)
    assert result.response.content == "done"


async def test_an_outcome_that_takes_longer_than_discord_allows_ends_with_a_hint(world):
    """Before the token's 15 minutes are over, the message says where to look."""
    world.script.steps = [Progress("Starting …"), 3600.0, Progress("done", done=True, ok=True)]
    result = await world.helper.slash(world.channel, "start")
    world.env.settle_timeout = 30
    await world.env.advance_time(15 * 60 + 5)

    assert result.response.content.startswith("Starting …")
    assert "/status" in result.response.content


async def test_a_member_without_the_right_gets_a_private_refusal(world):
    """Nothing public appears and nothing is sent."""
    result = await world.stranger.slash(world.channel, "start")

    assert "You may not start" in result.response.content
    assert result.ephemeral
    assert world.public() == []
    assert world.script.calls("power.follow") == []
    assert isinstance(world.refusals()[0], NotAllowed)


async def test_a_panel_that_refuses_is_told_in_private(world):
    """The public "thinking…" disappears, the sentence reaches only the one who asked."""
    world.script.fails["power.follow"] = PanelUnreachable("The panel does not answer.", passing=True)
    result = await world.helper.slash(world.channel, "start")

    assert [m.content for m in result.followups] == ["The panel does not answer."]
    assert result.followups[0].ephemeral
    assert world.public() == []
    world.no_surprises()


async def test_a_failure_on_the_way_is_shown_where_the_way_was_shown(world):
    """Once something public was said, the end is said there too."""
    world.script.steps = [Progress("Starting …"), OutcomeUnknown("Nobody can tell what became of it.")]
    result = await world.helper.slash(world.channel, "start")

    assert result.response.content == "Nobody can tell what became of it."


async def test_the_unforeseen_on_the_way_leaves_no_false_hope(world):
    """The public message says that the outcome is unknown; the incident is told in private."""
    world.script.steps = [Progress("Starting …"), RuntimeError("boom")]
    result = await world.helper.slash(world.channel, "start")

    assert result.response.content.startswith("Starting …\nI lost sight of")
    assert "incident" in result.followups[0].content
    assert result.followups[0].ephemeral
    assert [str(error) for error in world.refusals()] == ["boom"]


async def test_a_slow_refusal_is_private_too(world):
    """Where the database was slow, the public "thinking…" goes again before the refusal is told."""
    world.script.hangs.add("servers.resolve")
    result = await world.stranger.slash(world.channel, "start")
    assert result.deferred
    await world.env.advance_time(HANG + 1)

    assert "You may not start" in result.followups[0].content
    assert result.followups[0].ephemeral
    assert world.public() == []
    world.no_surprises()


async def test_a_deleted_message_ends_the_watching_quietly(world):
    """A moderator may delete the reply; that is no incident."""
    world.script.steps = [Progress("Starting …"), 20.0, Progress("done", done=True, ok=True)]
    result = await world.helper.slash(world.channel, "start")
    world.env.backend.delete_message(world.channel.id, result.response.id)
    await world.env.advance_time(25)

    assert world.public() == []
    assert world.env.errors == []


STILL_STOPPING = Progress("is still stopping, nothing was sent", done=True, ok=False, later=True)


async def test_a_start_during_a_stop_offers_to_wait_for_its_end(world):
    """Whoever asked presses the button; the start that follows names him, and the button is gone."""
    world.script.steps = [STILL_STOPPING]
    result = await world.helper.slash(world.channel, "start")
    assert result.response.content == STILL_STOPPING.sentence

    world.script.steps = [Progress("Waiting …"), 30.0, Progress("is up", done=True, ok=True)]
    await world.helper.click(result.response, label="Start when it is off")
    await world.env.advance_time(40)

    assert result.response.components == []
    assert [message.content for message in world.public()] == [
        STILL_STOPPING.sentence,
        f"{world.helper.mention}: is up",
    ]
    assert [call[2] for call in world.script.calls("power.follow when off")] == [Signal.START]


async def test_the_same_is_offered_under_what_a_button_of_a_status_led_to(world):
    """The message there is a follow-up, which is edited in another way."""
    result = await world.helper.slash(world.channel, "status")
    world.script.steps = [Progress("Starting …"), STILL_STOPPING]
    await world.helper.click(result.response, label="Start")
    await world.env.advance_time(3)
    [told] = world.public()
    assert told.content == f"{world.helper.mention}: {STILL_STOPPING.sentence}"
    await world.env.advance_time(601)
    assert world.public()[0].components == []


async def test_the_right_is_asked_for_when_start_when_it_is_off_is_pressed(world):
    """Nobody else may press it, and he who may must still be allowed to start."""
    world.script.steps = [STILL_STOPPING]
    result = await world.helper.slash(world.channel, "start")
    pressed = await world.admin.click(result.response, label="Start when it is off")
    assert "belong to someone else" in pressed.response.content
    world.script.role_actions.clear()
    pressed = await world.helper.click(result.response, label="Start when it is off")
    assert pressed.response.ephemeral
    assert world.script.calls("power.follow when off") == []
    world.no_surprises()


async def test_a_kill_says_who_did_it_in_one_sentence(world):
    """Not "somebody: it was killed"."""
    world.script.steps = [Progress("Killing …"), Progress("killed", done=True, ok=True, by="💀 {member} killed it.")]
    result = await world.admin.slash(world.channel, "kill")
    await world.admin.click(result.response, label="Kill survival")
    await world.env.advance_time(3)
    assert [message.content for message in world.public()] == [f"💀 {world.admin.mention} killed it."]


async def test_kill_asks_first_and_then_tells_everybody(world):
    """The question is private and explains the danger; the outcome is public and names who did it."""
    world.script.steps = [Progress("Killing …"), Progress("offline after 1 s", done=True, ok=True)]
    result = await world.admin.slash(world.channel, "kill")

    assert result.ephemeral
    assert "lost" in result.response.content
    assert "damaged" in result.response.content
    assert world.script.calls("power.follow") == []

    pressed = await world.admin.click(result.response, label="Kill survival")
    await world.env.advance_time(3)

    assert [call[2] for call in world.script.calls("power.follow")] == [Signal.KILL]
    assert [message.content for message in world.public()] == [f"{world.admin.mention}: offline after 1 s"]
    assert result.response.components == []
    assert pressed.acknowledged


async def test_kill_needs_its_own_right(world):
    """The operator preset does not hold it."""
    result = await world.helper.slash(world.channel, "kill")

    assert "You may not kill" in result.response.content
    world.no_surprises()


async def test_the_kill_button_checks_rights_when_pressed(world):
    """A right taken away between question and answer is gone."""
    world.script.role_actions[world.helpers.id] = frozenset({Action.KILL})
    result = await world.helper.slash(world.channel, "kill")
    world.script.role_actions.clear()
    pressed = await world.helper.click(result.response, label="Kill survival")

    assert "You may not kill" in pressed.response.content
    assert pressed.response.ephemeral
    assert result.response.components == []
    assert world.script.calls("power.follow") == []
    assert world.public() == []
    world.no_surprises()


async def test_kill_can_be_cancelled(world):
    """Nothing is sent, and the message says so."""
    result = await world.admin.slash(world.channel, "kill")
    await world.admin.click(result.response, label="Cancel")

    assert result.response.content == "Cancelled; nothing was done."
    assert world.script.calls("power.follow") == []


async def test_the_kill_question_expires_with_a_note(world):
    """The buttons go, and the message says that nothing was done."""
    result = await world.admin.slash(world.channel, "kill")
    await world.env.advance_time(61)

    assert "nothing was done" in result.response.content
    assert result.response.components == []


async def test_a_name_made_of_markup_stays_a_name(world):
    """A server called like a mention or a heading does no harm in the question."""
    from tests.cogs.fakes import linked

    world.script.servers = [linked("**@everyone** `x` " + "y" * 200)]
    result = await world.admin.slash(world.channel, "kill")

    assert "\\@everyone" in result.response.content
    assert discord.utils.escape_markdown("**") in result.response.content
    assert len(result.response.components[0]["components"][0]["label"]) <= 80


CRASHED = Progress("crashed after 2 s (exit code 1).", done=True, ok=False, crashed=True)


@pytest.mark.parametrize("button", [False, True])
@pytest.mark.parametrize("sees", [True, False])
async def test_the_last_lines_of_a_server_that_failed_are_for_those_who_may_see_its_console(world, sees, button):
    """In private: the right to start a server is none to its console, and the outcome is public."""
    actions = {Action.VIEW, Action.START} | ({Action.CONSOLE} if sees else set())
    world.script.role_actions[world.helpers.id] = frozenset(actions)
    world.script.lines = ["Address already in use"]
    world.script.steps = [Progress("Starting …"), CRASHED]
    result = await world.helper.slash(world.channel, "status" if button else "start")
    if button:
        result = await world.helper.click(result.response, label="Start")
    await world.env.advance_time(5)

    assert world.public()[-1].content.endswith(CRASHED.sentence)
    assert not any("Address" in message.content for message in world.public())
    private = [message for message in result.followups if message.flags.ephemeral]
    assert [("Address already in use" in message.content) for message in private] == [True] * sees
    assert world.script.calls("consoles.last_words") == [(Action.CONSOLE,)] * sees
    world.no_surprises()


@pytest.mark.parametrize("step", ["access.visible", "access.require", "consoles.last_words"])
async def test_that_the_last_lines_cannot_be_had_is_told_to_nobody(world, step):
    """Nobody has asked for them, and how it ended stands there."""
    world.script.role_actions[world.helpers.id] = frozenset({Action.VIEW, Action.START, Action.CONSOLE})
    world.script.steps = [Progress("Starting …"), CRASHED]
    world.script.fails[step] = StoreUnavailable("My database is busy.", reason=StoreTrouble.BUSY)
    result = await world.helper.slash(world.channel, "start")
    await world.env.advance_time(5)

    assert world.script.calls(step)
    assert world.public()[-1].content.endswith(CRASHED.sentence)
    assert not any("database" in message.content for message in (result.response, *result.followups))
    world.no_surprises()
