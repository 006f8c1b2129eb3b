"""Every sentence that people are shown, read for what none of them may say: a walk over all texts of the program."""

import ast
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.relay import notices
from bot.services import LinkChoice, RelayRow
from bot.services.granting import GrantChange
from bot.store.values import Grant, Relay
from bot.terms import Action
from bot.vitals import RelayHealth, RelayState
from cogs._access_text import granted_text
from cogs._relay_text import relay_entry
from tests.cogs.conftest import text_of
from tests.cogs.fakes import linked
from tests.cogs.test_contract import WORDS

ROOT = Path(__file__).parents[2]
TO_MEMBERS_ONLY = {"bot/services/forbidden.py", "bot/told.py"}
"""What is here is said to people without *Manage Server* alone, so it may speak of admins as of others."""


def texts():
    """All texts that go through the translation, with where they stand."""
    for file in sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py")]):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "ngettext"}:
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield f"{file.relative_to(ROOT)}:{argument.lineno}", argument.value


ALL = list(texts())


def having(pattern):
    return [f"{where}: {text}" for where, text in ALL if re.search(pattern, text)]


def test_the_walk_finds_the_texts():
    assert len(ALL) > 400
    assert any("none of your roles allows it" in text for _where, text in ALL)


def test_nobody_who_may_be_an_admin_is_told_of_admins_as_of_others():
    """Of those who run the panel or its machines, yes; never "an admin can", to one who is."""
    told = [line for line in having(r"\b[Aa]n admin\b") if line.split(":")[0] not in TO_MEMBERS_ONLY]
    assert told == []


def test_names_of_actions_are_not_verbs():
    """`command` and `say` are no verbs: "may command", "may kill on", "may say"."""
    assert having(r"\b(may|can)( now)? [*`]{0,2}\{(action|actions)\}") == []
    assert having(r"\b(may|can)( now)? [*`]{0,2}(view|say|command|console)\b(?! so)") == []


@pytest.mark.parametrize(
    "pattern", [r"None of your roles (may|gives|allows)", r"\bmend\b", r"\bfares?\b", r"\bparked\b"]
)
def test_house_words_stay_in_the_house(pattern):
    assert having(pattern) == []


def test_whoever_must_do_something_is_told_what():
    """That somebody must look is no advice to one who is not that somebody: he tells his host."""
    assert having(r"\badministrators? (must|has to|have to|should) look\b") == []


def test_quotation_marks_are_odd_and_have_no_fellows():
    assert having(r"\bfellow\b") == []


NAMED = re.compile(
    r"`/(?P<command>[a-z -]+)(?P<options>(?: [a-z_]+:[^` ]+)*)`(?:,? (?:in|with|without) `(?P<option>[a-z_]+)`)?"
)
"""A command as sentences name it, with options that follow in it or right behind it."""


def test_commands_and_options_that_are_named_exist():
    """Whoever does as he is told must find them: what is called `say_template` is not called `say` in a sentence."""
    named = [(where, found) for where, text in ALL for found in NAMED.finditer(text)]
    assert len(named) > 40
    for where, found in named:
        command = next((each for each in WORDS if found["command"] in {each, f"{each} hello"}), None)
        assert command is not None, (where, found[0])
        options = [option.partition(":")[0] for option in found["options"].split()]
        assert {*options, *filter(None, [found["option"]])} <= {*WORDS[command]}, (where, found[0])


ZERO = re.compile(r"(?<![\d,.:])0 (?!B\b|%)[a-z]")
"""A counted nothing. Sizes and shares may be nothing."""


def test_a_relay_that_has_done_nothing_counts_nothing():
    health = RelayHealth(
        state=RelayState.LIVE,
        connected_since=None,
        last_line_at=None,
        lag=0.0,
        queued_lines=0,
        queued_bytes=0,
        delivered=0,
        lost=0,
        reconnects=0,
        last_error=None,
        skipped=0,
    )
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for each in (health, replace(health, connected_since=now, last_line_at=now, lag=0.04)):
        assert not ZERO.search(relay_entry(RelayRow(Relay(1, 1, 1, 5), "survival", each), now=now))
    assert not ZERO.search(notices.console_back("x", timedelta(seconds=4), 0))
    assert not ZERO.search(notices.lines_missing("x", now, now, 0))
    assert not ZERO.search(notices.resumed("x", now, now, 0, exact=True))


async def test_a_panel_without_servers_counts_none(world):
    """Neither in the list nor when it is removed."""
    world.script.servers = []
    listed = await world.admin.slash(world.channel, "panel list")
    assert "no server linked" in text_of(listed.response)
    asked = await world.admin.slash(world.channel, "panel remove")
    assert "No server is linked through it." in asked.response.content
    await world.admin.click(asked.response, label="Remove the panel")
    for shown in (listed.response, asked.response):
        assert not ZERO.search(text_of(shown))


async def test_of_several_servers_none_could_be_linked(world):
    """The limit is reached before the first."""
    world.script.choices = [LinkChoice(f"id{n:06}", f"Server {n}", 1) for n in range(3)]
    form = await world.admin.slash(world.channel, "panel connect")
    fields = {"url": "https://panel.example.com", "api_key": "ptlc_" + "x" * 43, "label": "home"}
    result = await world.admin.submit_modal(form, fields)
    world.script.room = 0
    await world.admin.select(result.response, [choice.identifier for choice in world.script.choices])
    assert "None of these 3 servers was linked." in result.response.content
    assert not ZERO.search(result.response.content)


def test_limits_that_do_not_hold_are_not_said_to():
    grant = Grant(1, 900, 70, frozenset({Action.COMMAND}), 1, commands=("list",))
    wider = Grant(2, 900, 70, frozenset({Action.COMMAND}))
    text = granted_text(GrantChange(None, grant, wider=wider), linked(), any_linked=True)
    assert "Another grant lets <@&70> send any console command, on every linked server" in text


def test_a_grant_names_what_it_gives_whatever_it_is():
    for action in Action:
        grant = Grant(1, 900, 70, frozenset({action}))
        text = granted_text(GrantChange(None, grant), linked(), any_linked=True)
        assert f": {action.value}." in text
