"""Lines for whoever started the program: they arrive as far as the terminal can show them, and never end it."""

import io
import os
import sys

from bot.logs import redact


def bear_with_any_terminal() -> None:
    """Have what the terminal's encoding lacks written as escapes from now on, in the log as well."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(line: str, *, aside: bool = False) -> None:
    """Print a line, without secrets; `aside` on standard error. Where nobody can read it any more, go on."""
    stream = sys.stderr if aside else sys.stdout
    try:
        print(redact(line), file=stream, flush=True)
    except OSError:
        # The reader of a pipe has gone, the terminal was closed, or a disk is full. What was not written would be
        # tried again when Python ends, and complained about.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
