"""How bad a line is, by the level of its logger."""

import time

import pytest

from bot.text.levels import FORMS, Level, level_of


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.example)
def test_each_form_gives_its_example_its_level(form):
    assert level_of(form.example) is form.level


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("[Oxide] 12:34 [Warning] Calling 'OnTick' took 112ms", Level.WARNING),
        ("[Oxide] 12:34 [Error] Failed to call hook 'OnTick' (NullReferenceException: x)", Level.ERROR),
        ("2026-11-22T12:35:00 4.000 EXC Object reference not set", Level.ERROR),
        ("npm ERR! code ERESOLVE", Level.ERROR),
        ("npm WARN deprecated foo", Level.WARNING),
        ("WARN : Mod         , 1700000001008> required mod not found", Level.WARNING),
        ("ERROR: General     , 1700000001010> x", Level.ERROR),
        ("2026-11-22 12:35:06: ERROR[Main]: ModError: x", Level.ERROR),
        ("2026-11-22 12:34:59: WARNING[Server]: x", Level.WARNING),
        ("[2026-11-22 12:34:56] dbg: [net:0] ok", None),
        ('{"level":50,"time":1700000000000,"msg":"x"}', Level.ERROR),
        ('{"level":"warn","msg":"x"}', Level.WARNING),
        ("[TShock] Warn: Startup parameter", Level.WARNING),
        ("<W>2026-11-22 12:34:56.789 1 => Server listening on [::]:64738", None),  # Mumble says everything so
        ("12:35:04 [SEVERE] no", Level.ERROR),
        ("12:35:03 [WARNING] Forced host mappings are empty", Level.WARNING),
        ("Traceback: TypeError: x is not a function", Level.ERROR),
        ("Error", Level.ERROR),
        # What players say, and what only has such a word in it
        ("[12:34:56] [Server thread/INFO]: <Steve> I warn you, no error here", None),
        ("[12:34:56] [Server thread/INFO]: <Steve> Warning: creepers", None),
        ("[CHAT] Bob: fatal mistake, critical hit", None),
        ("[12:34:56 INFO]: 0 errors, 3 warnings", None),
        ("There are 40 of 50 players", None),
        ("L 11/22/2026 - 12:35:08: [SM] Error log file session closed.", None),
        ("Terror reigns in the mirror", None),
        ("12:34:56 W is north", Level.WARNING),
        ("", None),
    ],
)
def test_the_level_is_the_loggers_not_the_players(line, level):
    assert level_of(line) is level


@pytest.mark.parametrize("unit", ["Error", "error ", "[ ", "a.", "Log", "level=", "Exceptio", "aError", "Aa", "$"])
def test_time_is_bounded(unit):
    start = time.process_time()
    for _ in range(100):
        level_of(unit * (65536 // len(unit)))
    assert time.process_time() - start < 3
