"""Logs: both formats, whom a line concerns, and no secret in any of it."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Literal

import pytest

from bot import logs

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJlLXBsYW50ZWQ"
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GplntD.planted-planted-planted-planted-01"


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    levels = {name: logging.getLogger(name).level for name in ("bot", "cogs", "__main__")}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(capture=False)
    logging.raiseExceptions = raising
    logs._secrets.clear()


def written(form: str = "text", level: str = "info") -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    logs.set_up_logs(level, form, stream)
    return logging.getLogger("bot.test"), stream


@pytest.mark.parametrize(
    "secret",
    [
        JWT,
        JWT[:40],
        "ptlc_plantedplantedplanted",
        "ptla_plantedplantedplanted",
        "pacc_plantedplantedplanted",
        "papp_plantedplantedplanted",
        "plcn_plantedplantedplanted",
        "peli_plantedplantedplanted",
        TOKEN,
        "registered secret, even with spaces",
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked_wherever_they_stand(secret: str, form: str) -> None:
    """In the message, its arguments, the facts, the exception, its cause and the source line of the traceback."""
    log, stream = written(form)
    logs.register_secret("registered secret, even with spaces")
    with logs.log_context(server=secret):
        log.info("said %s", secret)
        log.info(f"key={secret};")  # noqa: G004
        try:
            try:
                raise KeyError(secret)
            except KeyError as cause:
                raise ValueError(f"{{'token': '{secret}'}}") from cause
        except ValueError:
            log.exception("broke", stack_info=True)
    text = stream.getvalue()
    assert secret not in text
    assert "planted" not in text.replace("test_logs.py", "")
    assert text.count(logs.MASK) >= 6
    assert "Traceback" in text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer planted-planted", "Authorization: Bearer [secret]"),
        ("'bearer planted~planted='", "'bearer [secret]'"),
        (f"Bot {'planted-' * 8}", "Bot [secret]"),
        ("POST https://x/api/v10/webhooks/123/planted?wait=1", "POST https://x/api/v10/webhooks/123/[secret]?wait=1"),
        ("/interactions/123/planted/callback", "/interactions/123/[secret]/callback"),
    ],
)
def test_what_stands_before_a_secret_stays_readable(text: str, masked: str) -> None:
    assert logs.redact(text) == masked


@pytest.mark.parametrize("text", ["The Bot restarted", "bearer of news", "ptlc_", "GET /api/client/servers/1a2b3c4d"])
def test_harmless_text_is_left_alone(text: str) -> None:
    logs.register_secret("short")
    assert logs.redact(text + " short") == text + " short"


def test_a_line_tells_whom_it_concerns_and_forgets_it_afterwards() -> None:
    log, stream = written()
    with logs.log_context(guild=1, user=2), logs.log_context(server="lobby", user=3, relay=None):
        log.info("inside")
    log.info("outside")
    inside, outside = stream.getvalue().splitlines()
    assert inside.endswith("INFO    bot.test: inside guild=1 user=3 server=lobby")
    assert outside.endswith("bot.test: outside")


def test_json_lines_are_objects_with_the_same_facts() -> None:
    log, stream = written("json")
    with logs.log_context(guild=1):
        log.warning("“ünïcode” %s", "x\ny")
    line = json.loads(stream.getvalue())
    assert line["time"].endswith("+00:00")
    assert {name: line[name] for name in ("level", "logger", "message", "guild")} == {
        "level": "warning",
        "logger": "bot.test",
        "message": "“ünïcode” x\ny",
        "guild": 1,
    }


def test_a_console_line_cannot_forge_a_log_line_or_command_the_terminal() -> None:
    log, stream = written()
    log.info("console said %s", "hi\n2026-01-01 00:00:00 ERROR forged\r\x1b[2J\x9b")
    assert stream.getvalue().count("\n") == 1
    assert "hi\\n2026" in stream.getvalue()
    assert "\\r\\x1b[2J\\x9b" in stream.getvalue()


HOSTILE = "hi\n2026-01-01 00:00:00 ERROR   bot.app: forged\r\x1b[2J\x9b\u2028\u202e"


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_text_from_outside_can_forge_a_log_line_or_command_the_terminal(form: Literal["text", "json"]) -> None:
    """Not as an argument, not as a fact, not as the text of an exception."""
    log, stream = written(form)
    with logs.log_context(server=HOSTILE):
        try:
            raise ValueError(HOSTILE)
        except ValueError:
            log.exception("it said %s", HOSTILE)
    shown = stream.getvalue()
    assert not set(shown) & set("\r\x1b\x9b\u2028\u202e")
    assert "\n2026-01-01" not in shown
    if form == "json":
        line = json.loads(shown)
        assert line["server"] == HOSTILE and line["traceback"].endswith(f"ValueError: {HOSTILE}")


def test_debug_is_ours_alone() -> None:
    """Libraries put whole frames, tickets included, into their debug lines."""
    log, stream = written(level="debug")
    log.debug("ours")
    logging.getLogger("websockets.client").debug("theirs")
    assert "ours" in stream.getvalue()
    assert "theirs" not in stream.getvalue()


def test_a_higher_level_silences_everything_below_it() -> None:
    log, stream = written(level="error")
    log.warning("no")
    logging.getLogger("discord").warning("no")
    log.error("yes")
    assert stream.getvalue().count("\n") == 1


def test_warnings_are_logged() -> None:
    _, stream = written()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old ptlc_plantedplanted", UserWarning, stacklevel=1)
    assert "py.warnings" in stream.getvalue()
    assert "ptlc_planted" not in stream.getvalue()


def test_a_log_call_that_cannot_be_formatted_shows_no_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    log, _ = written()
    log.info("%d", "planted-argument")
    captured = capsys.readouterr()
    assert "planted" not in captured.out + captured.err


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_is_long_whatever_is_logged(form: str) -> None:
    log, stream = written(form)
    with logs.log_context(server="s" * 100_000, relay="r" * 100_000):
        log.warning("said %s", "x" * 5_000_000)
    assert len(stream.getvalue()) < logs.LONGEST_MESSAGE + 1_000
    assert "5,000,005 characters" in stream.getvalue()
    try:
        raise ValueError("y" * 5_000_000)
    except ValueError:
        log.exception("broke")
    assert len(stream.getvalue()) < 2 * logs.LONGEST_MESSAGE + logs.LONGEST_TRACEBACK + 1_000


@pytest.mark.parametrize(
    "secret", [JWT, "ptlc_" + "planted" * 6, TOKEN, "an owner's own secret, planted", "Bearer planted-planted"]
)
@pytest.mark.parametrize("filler", ["x ", "ptlc_abcdefgh "])
def test_no_secret_is_halved_by_the_cut(secret: str, filler: str) -> None:
    """Wherever the cut falls, also after much has been masked before it."""
    logs.register_secret("an owner's own secret, planted")
    for offset in range(0, 80, 3):
        for limit in (logs.LONGEST_MESSAGE, logs.LONGEST_MESSAGE + 1_000):
            start = limit - offset
            text = (filler * limit)[:start] + " " + secret + " and more" * 1_000
            shown = logs._short(text, logs.LONGEST_MESSAGE)
            assert "plant" not in shown
            assert secret[:12] not in shown.replace("Bearer [secret]", "")


def test_a_panel_key_is_masked_only_while_it_is_held() -> None:
    key = "PlantedOldPanelKeyOfFortyEightLetters00000000001"
    let_go = logs.mask_key(key)
    assert logs.redact(f"key {key}") == "key [secret]"
    let_go()
    assert logs.redact(f"key {key}") == f"key {key}"
