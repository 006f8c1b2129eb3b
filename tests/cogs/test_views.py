"""Buttons whose time is over, while Discord cannot be reached: tidying them away troubles nobody."""

import ast
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import aiohttp
import discord
import pytest

import cogs
from bot import discord_replies
from bot.services import Member
from cogs import _power
from cogs._views import Choice, Choose, Confirm, OwnedView
from tests.cogs.fakes import Script, linked

ADMIN = Member(1, 1, "Ada", frozenset({1}), is_admin=True)


def refused(kind, status, code):
    return kind(Mock(status=status, reason=""), {"code": code, "message": ""})


TROUBLES = [
    refused(discord.NotFound, 404, 10008),
    refused(discord.Forbidden, 403, 50001),
    refused(discord.HTTPException, 401, 50027),
    refused(discord.DiscordServerError, 503, 0),
    aiohttp.ServerDisconnectedError(),
    aiohttp.ClientOSError(104, "reset"),
    aiohttp.ClientPayloadError("cut"),
    ConnectionResetError(),
    TimeoutError(),
    RuntimeError("Session is closed"),
]


def views(interaction):
    async def act(_pressed):
        raise AssertionError

    yield OwnedView(interaction, timeout=1)
    yield Confirm(interaction, label="Do it", act=act)
    yield Choose(interaction, [Choice("Do it", discord.ButtonStyle.primary, act)])


@pytest.mark.parametrize("trouble", TROUBLES, ids=repr)
async def test_a_view_whose_time_is_over_ends_quietly_whatever_discord_does(trouble):
    """Reported of many bots: the time-out of a view ends in a traceback, for its message has gone or the line broke."""
    interaction = Mock(user=Mock(id=1), edit_original_response=AsyncMock(side_effect=trouble))
    for asked, view in enumerate(views(interaction), 1):
        await view.on_timeout()
        assert interaction.edit_original_response.await_count == asked


def caught_alone(path):
    """Where a module expects Discord's refusals only: whatever is said over a line may find the line broken instead."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            caught = [node.type]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            caught = node.args
        else:
            continue
        names = {ast.unparse(each) for each in caught if each is not None}
        if "discord.HTTPException" in names:
            yield f"{path.name}:{node.lineno}"


def test_whoever_bears_a_refusal_bears_a_broken_line() -> None:
    """In what commands and buttons say; `UNSAID` is both."""
    root = Path(cogs.__file__).parent
    modules = [*root.glob("*.py"), root.parent / "bot" / "client.py", root.parent / "bot" / "discord_replies.py"]
    assert [place for module in modules for place in caught_alone(module)] == []


def answered_once(path):
    """Where a press is answered without a second try. A form is not shown twice: the library would not know the first."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            called = ast.unparse(node.value.func)
            if called.endswith((".response.defer", ".response.edit_message", ".response.send_message")):
                yield f"{path.name}:{node.lineno}"


def test_whatever_answers_a_press_is_sent_again_where_the_line_breaks() -> None:
    """Else the buttons of a question are dead, and nothing was done."""
    assert [place for module in Path(cogs.__file__).parent.glob("*.py") for place in answered_once(module)] == []


@pytest.mark.parametrize("arrived", [False, True])
async def test_a_press_whose_answer_breaks_off_does_what_it_is_for(arrived, monkeypatch):
    """Also where Discord has taken the first try, and says so of the second."""
    monkeypatch.setattr(discord_replies, "_AGAIN", (0, 0))
    second = refused(discord.HTTPException, 400, 40060) if arrived else None
    answered = AsyncMock(side_effect=[aiohttp.ServerDisconnectedError(), second])
    pressed = Mock(user=Mock(id=1), extras={}, response=Mock(edit_message=answered))
    services, sent = Script().services(), AsyncMock()
    monkeypatch.setattr(_power, "press", sent)
    monkeypatch.setattr(_power, "member_of", lambda _interaction: ADMIN)
    later = _power.StartLater(services, pressed, linked(), edit=AsyncMock())
    await later.start.callback(pressed)
    _text, question = _power.ask_to_kill(services, pressed, linked())
    answered.side_effect = [aiohttp.ServerDisconnectedError(), second]
    await question.go.callback(pressed)
    assert sent.await_count == 2
