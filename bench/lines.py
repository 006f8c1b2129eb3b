"""The lines a load prints: each carries its server and its number twice, so that what is shown can be matched."""

import re
from dataclasses import dataclass

MARK = 12
"""Characters of one mark."""
START = re.compile(r"\bs(\d{4})n(\d{6})\b")
END = re.compile(r"\be(\d{4})n(\d{6})\b")
REPEATED = "[Server thread/WARN]: Can't keep up! Is the server overloaded?"
"""A line that looks the same every time."""

# fmt: off
_WORDS = (
    "chunk", "saved", "player", "moved", "too", "quickly", "world", "tick", "entity", "spawned", "plugin",
    "loaded", "recipe", "advancement", "granted", "anvil", "region", "thread", "worker", "joined", "lobby",
    "block", "placed", "inventory", "item", "stack", "portal", "village", "zombie", "arrow", "furnace",
    "door",
)
# fmt: on
_COLOURS = ("\x1b[31m", "\x1b[1;32m", "\x1b[38;5;208m", "\x1b[38;2;90;160;255m", "\x1b[93m", "\x1b[4;36m", "\x1b[0m")


@dataclass(frozen=True, slots=True)
class Writing:
    """How the lines of a load look: `width` visible characters (25, or 27 and more), plain or each word in a colour.

    With `repeats`, three of eight lines are all the same and carry no number. With `longest`, of forty lines one has so
    many characters.
    """

    width: int = 80
    colour: bool = False
    repeats: bool = False
    longest: int = 0

    def repeated(self, number: int) -> bool:
        """Whether the line of this number is the one that always looks the same."""
        return self.repeats and number % 8 in {5, 6, 7}

    def plain(self, server: int, number: int) -> str:
        """Return the line as a reader should see it, without colours."""
        return REPEATED if self.repeated(number) else " ".join(self._words(server, number))

    def raw(self, server: int, number: int) -> str:
        """Return the line as the game prints it."""
        if self.repeated(number):
            return REPEATED
        words = self._words(server, number)
        if not self.colour:
            return " ".join(words)
        painted = [f"{_COLOURS[(number + place) % len(_COLOURS)]}{word}" for place, word in enumerate(words)]
        return " ".join(painted) + "\x1b[0m"

    def _words(self, server: int, number: int) -> list[str]:
        words = [f"s{server:04}n{number:06}"]
        width = self.longest if self.longest and number % 40 == 4 else self.width
        left = width - 2 * MARK - 1
        place = number
        while left > 1:
            word = _WORDS[place % len(_WORDS)][: left - 1]
            word += "." if left == len(word) + 2 else ""
            words.append(word)
            left -= len(word) + 1
            place += 7
        return [*words, f"e{server:04}n{number:06}"]
