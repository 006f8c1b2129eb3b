"""Console lines in a reply: what fits is in the message, and all of it in a file where not all does."""

import io
from collections.abc import Sequence
from typing import Literal

import discord

from bot import time_slice
from bot.discord_replies import CONTENT_LIMIT, clip
from bot.i18n import _, ngettext
from bot.terms import RelayStyle
from bot.text import ansi, packing
from bot.text.packing import Block

_NOTE_CHARACTERS = 500
_SUMMARY_CHARACTERS = 200
"""Room for the line that says what is in the file, in any language."""

_SEEN = 16 * 1024
"""Characters of one line that a message is drawn from; more than it can hold."""


async def with_lines(
    heading: str, lines: Sequence[str], note: str | None, *, keep: Literal["head", "tail"]
) -> tuple[str, discord.File | None]:
    """Return one message's content, with heading, lines and note, and a file with all lines where not all fit.

    The lines are masked already, and have their escape sequences still; those of the file have none.
    """
    below = clip(note, _NOTE_CHARACTERS) if note else ""
    room = CONTENT_LIMIT - len(heading) - len(below) - _SUMMARY_CHARACTERS - 3
    seen = [line[:_SEEN] if keep == "head" else line[-_SEEN:] for line in lines]
    block = packing.block(seen, RelayStyle.COLOUR, room, keep=keep) if seen else None
    summary, file = "", None
    if block is not None and not block.whole:
        summary = f"-# {_summary(block, len(lines), keep)}"
        file = discord.File(io.BytesIO(await _plain(lines)), filename="console.log")
    text = "\n".join(part for part in (heading, block.text if block is not None else "", summary, below) if part)
    return text or _("The console has printed nothing yet."), file


def _summary(block: Block, count: int, keep: Literal["head", "tail"]) -> str:
    if keep == "tail":
        text = ngettext(
            "Here is the end of {count} line; the file has all of it.",
            "Here are the newest {shown} of {count} lines; the file has all of them.",
            count,
        )
    else:
        text = ngettext(
            "Here is the beginning of {count} line; the file has all of it.",
            "Here are the first {shown} of {count} lines; the file has all of them.",
            count,
        )
    return text.format(shown=block.shown, count=count)


async def _plain(lines: Sequence[str]) -> bytes:
    slices = time_slice.shared()
    return "".join([f"{await slices.work(ansi.strip_in_steps(line))}\n" for line in lines]).encode("utf-8", "replace")
