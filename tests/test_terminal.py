"""What whoever runs the bot reads in a terminal: sentences without the signs that only Discord draws."""

import ast
import logging
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check import Finding
from bot.discord_rights import INVITED_WITH, invitation
from bot.errors import KeyRefused, StartupError
from bot.logs import TextFormatter
from bot.text.markdown import code, escape, plain

ROOT = Path(__file__).resolve().parents[1]
PRINTING = (
    "bot/__main__.py",
    "bot/check.py",
    "bot/adopt.py",
    "bot/settings.py",
    "bot/secret_keys.py",
    "sandbox/demo/program.py",
    "sandbox/demo/arrival.py",
)
"""Whose sentences all go to the terminal; elsewhere, those of a StartupError do."""
MAKERS = {"StartupError", "_unusable", "_refused", "_unreachable", "cannot_open"}
SIGNS = re.compile(r"\*\w|\w\*|`|\*\*|^-# |\\[*_~`|]|</\w")


def sentences(path: Path):
    """The text in a module that looks like sentences, docstrings aside."""
    tree = ast.parse(path.read_text())
    printing = any(str(path.relative_to(ROOT)).startswith(name) for name in PRINTING)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_maker = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS
        if is_maker or (printing and node is tree):
            texts = [each for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            yield from (each.value for each in texts if id(each) not in docs | loose and " " in each.value)


def test_no_sentence_for_the_terminal_has_signs_that_only_discord_draws() -> None:
    found = {str(path): list(sentences(path)) for room in ("bot", "sandbox") for path in (ROOT / room).rglob("*.py")}
    assert sum(map(len, found.values())) > 60, "the walk has lost its way"
    wrong = [(path, text) for path, texts in found.items() for text in texts if SIGNS.search(text)]
    assert wrong == []


def test_no_line_of_the_scripts_has_them_either() -> None:
    for name in ("Makefile", ".ci/install"):
        for said in re.findall(r"echo \"([^\"]*)\"", (ROOT / name).read_text()):
            assert not SIGNS.search(said), said


@given(st.text(st.characters(exclude_categories=("C", "Z"))))
def test_a_name_that_was_escaped_for_discord_is_itself_again(name: str) -> None:
    assert plain(f"**{escape(name)}** is on it") == f"{name} is on it"
    assert plain(escape(name)) == name


def test_signs_go_and_the_words_stay() -> None:
    assert plain("Use `/panel connect`, in *Account* → *API*: **now**.") == "Use /panel connect, in Account → API: now."
    assert plain("-# The console of A\\_b") == "The console of A_b"
    assert plain("5 * 3 and snake_case_name") == "5 * 3 and snake_case_name"
    assert plain(code("whitelist *")) == "whitelist *"
    assert plain(code("a`b")) == "a`b"


def test_a_failure_in_the_log_reads_as_in_a_terminal() -> None:
    """But for what is written for the terminal anyway: a folder may be called anything."""
    error, start = (
        KeyRefused("**My\\_Castle**: see *Account*, `/panel replace-key`."),
        StartupError("C:\\_a *b*", exit_code=5),
    )
    record = logging.LogRecord("bot.x", logging.WARNING, "", 1, "relay %s: %s; %s", (3, error, start), None)
    assert "relay 3: My_Castle: see Account, /panel replace-key.; C:\\_a *b*" in TextFormatter().format(record)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("DISCORD_TOKEN is not set: copy it.", "wrong  DISCORD_TOKEN: not set: copy it."),
        ("DISCORD_TOKEN names nothing.", "wrong  DISCORD_TOKEN: names nothing."),
        ("Discord refuses the DISCORD_TOKEN.", "wrong  DISCORD_TOKEN: Discord refuses the DISCORD_TOKEN."),
    ],
)
def test_a_finding_names_its_setting_once(text: str, line: str) -> None:
    assert str(Finding(False, "DISCORD_TOKEN", text)) == line


def test_the_invitation_is_the_one_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert f"`{invitation(0).replace('=0&', '=YOUR_APPLICATION_ID&')}`" in readme
    assert f"{INVITED_WITH.value} stands for" in readme
