"""Masks what a public channel must not see: addresses, tokens, passwords, the start-up command line.

The same value gets the same short mark wherever it is masked with the same key, today or after a year, so that a player
can still be followed through a log. Marks are keyed digests: nobody can try out addresses until the mark fits.
"""

from base64 import b32encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from bot.text import ansi, secrets
from bot.text.ansi import Run
from bot.text.sgr import DEFAULT
from bot.text.start_up import StartUp
from bot.time_slice import Steps, finish

# Characters of a mark, 5 bits each: of a thousand players hardly two share one (one chance in 67).
_MARK_LENGTH = 5

_START_UP_MARK = "‹start-up command›"
# So many masks, or runs, are one piece of work: far less than a slice.
_PIECE = 64


def redactor(secret: bytes, server_id: int) -> "Redactor":
    """Return a redactor for a server's console: with the same secret, of 64 bytes at most, all give the same marks."""
    return Redactor(blake2b(f"marks of server {server_id}".encode(), key=secret).digest())


class _Mask(NamedTuple):
    """A stretch of the plain line and what stands there instead."""

    start: int
    end: int
    mark: str


class Redactor:
    """Masks the lines of one console, in the order they come; `key` (up to 64 bytes) decides the marks."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._start_up = StartUp()

    def resume(self) -> None:
        """Take it that lines came before the next one, which may be the start-up command's first ones."""
        self._start_up.resume()

    def redact(self, line: str) -> str:
        """Return the line in Discord's colours (see `ansi.reduce`) with every secret masked.

        Secrets are found in the visible text, so colours in their midst hide none; a mark takes the colour of the
        first character it stands for.
        """
        return finish(self.redact_in_steps(line))

    def redact_in_steps(self, line: str) -> Steps[str]:
        """Do as `redact` does; one line must be done before the next is begun."""
        if ansi.is_plain(line):
            return (yield from self._redact_visible(line))
        styled = yield from ansi.runs_in_steps(line)
        masks = yield from self._masks("".join(run.text for run in styled))
        if masks:
            styled = yield from _masked(styled, masks)
        return (yield from ansi.render_in_steps(styled))

    def redact_plain(self, line: str) -> str:
        """Return the visible text of a line alone, with every secret masked as `redact` does."""
        return finish(self.redact_plain_in_steps(line))

    def redact_plain_in_steps(self, line: str) -> Steps[str]:
        """Do as `redact_plain` does; one line must be done before the next is begun."""
        return (yield from self._redact_visible((yield from ansi.strip_in_steps(line))))

    def _redact_visible(self, plain: str) -> Steps[str]:
        masks = yield from self._masks(plain)
        if not masks:
            return plain
        return "".join(run.text for run in (yield from _masked([Run(DEFAULT, plain)], masks)))

    def _masks(self, plain: str) -> Steps[list[_Mask]]:
        start = self._start_up.begins_at(plain)
        if start is not None:
            return [_Mask(start, len(plain), _START_UP_MARK)] if start < len(plain) else []
        masks: list[_Mask] = []
        for secret in (yield from secrets.find_in_steps(plain)):
            masks.append(_Mask(secret.start, secret.end, self._mark(secret.kind, secret.value)))
            if len(masks) % _PIECE == 0:
                yield
        return masks

    def _mark(self, kind: str, value: str) -> str:
        digest = blake2b(f"{kind} {value}".encode("utf-8", "surrogatepass"), key=self._key, digest_size=5).digest()
        return f"‹{kind}-{b32encode(digest).decode().lower()[:_MARK_LENGTH]}›"


def _masked(styled: Sequence[Run], masks: Sequence[_Mask]) -> Steps[list[Run]]:
    """Put the marks in place of what they mask. Masks are in order and do not overlap."""
    shown: list[Run] = []
    waiting = list(reversed(masks))
    offset = 0
    for count, (style, text) in enumerate(styled, 1):
        if count % _PIECE == 0:
            yield
        end = offset + len(text)
        at = offset
        kept: list[str] = []
        while waiting and waiting[-1].start < end:
            mask = waiting[-1]
            if mask.start >= offset:
                kept.append(text[at - offset : mask.start - offset] + mask.mark)
            at = min(mask.end, end)
            if mask.end > end:
                break
            waiting.pop()
            if len(waiting) % _PIECE == 0:
                yield
        shown.append(Run(style, "".join(kept) + text[at - offset :]))
        offset = end
    return [run for run in shown if run.text]
