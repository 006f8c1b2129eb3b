"""What an SGR sequence (`ESC [ ... m`) makes of a style, narrowed to the styles that Discord can draw."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple


class Style(NamedTuple):
    """How text looks. Colours are 0-7 (black, red, green, yellow, blue, magenta, cyan, white); None is the default."""

    bold: bool = False
    underline: bool = False
    foreground: int | None = None
    background: int | None = None


DEFAULT = Style()


class Pen(NamedTuple):
    """A terminal's own state, of which `Style` is what Discord can show: bold may come from a bright colour."""

    bold: bool = False
    underline: bool = False
    foreground: int | None = None
    bright: bool = False
    background: int | None = None

    @property
    def style(self) -> Style:
        """How text written with this pen looks."""
        return Style(self.bold or self.bright, self.underline, self.foreground, self.background)


PLAIN = Pen()
_EXTENDED = {38, 48, 58}
# No program means a number of more digits; int() of a very long one would be slow.
_LONGEST_NUMBER = 4
_MOST_PARAMETERS = 32
_LEVELS = (0, 95, 135, 175, 215, 255)
# The sixteen colours that the eight of Discord stand for: the common VGA values, dark and bright.
_PALETTE = tuple(
    ((red * high + low, green * high + low, blue * high + low), red + 2 * green + 4 * blue)
    for high, low in ((170, 0), (170, 85))
    for blue, green, red in product((0, 1), repeat=3)
)


@lru_cache(maxsize=1024)
def apply(pen: Pen, parameters: str) -> Pen:
    """Return the pen after `ESC [ parameters m`; unknown and malformed parameters change nothing."""
    groups = _groups(parameters)
    for group in groups:
        head = group[0]
        if head in _EXTENDED:
            arguments = group[1:] if len(group) > 1 else _following(groups)
            pen = _extended(pen, head, arguments)
        else:
            pen = _simple(pen, head, group[1] if len(group) > 1 else None)
    return pen


def _groups(parameters: str) -> Iterator[list[int]]:
    """Split `1;38:2::9:9:9` into groups of numbers; an empty or absurd number is 0, as terminals have it."""
    for part in parameters.split(";")[:_MOST_PARAMETERS]:
        yield [_number(piece) for piece in part.split(":")]


def _number(piece: str) -> int:
    return int(piece) if piece.isdigit() and len(piece) <= _LONGEST_NUMBER else 0


def _following(groups: Iterator[list[int]]) -> list[int]:
    """Take the parameters that belong to a 38, 48 or 58 written with semicolons."""
    kind = next(groups, [0])[0]
    count = {5: 1, 2: 3}.get(kind, 0)
    return [kind, *(group[0] for _, group in zip(range(count), groups, strict=False))]


def _extended(pen: Pen, target: int, arguments: list[int]) -> Pen:
    """Apply a 256-colour or true-colour value; 58 (colour of the underline) is read and dropped."""
    colour: tuple[int, bool] | None = None
    if arguments[0] == 5 and len(arguments) > 1:
        colour = _indexed(arguments[1])
    elif arguments[0] == 2 and len(arguments) > 3:
        # With colons there may be a colour space before the three values, and tolerances behind them.
        values = arguments[2:5] if len(arguments) > 4 else arguments[1:4]
        colour = nearest(*values), False
    if colour is None or target == 58:
        return pen
    if target == 38:
        return pen._replace(foreground=colour[0], bright=colour[1])
    return pen._replace(background=colour[0])


def _simple(pen: Pen, number: int, argument: int | None) -> Pen:
    if number == 0:
        return PLAIN
    if 30 <= number <= 39:
        return pen._replace(foreground=None if number == 39 else number - 30, bright=False)
    if 40 <= number <= 49:
        return pen._replace(background=None if number == 49 else number - 40)
    if 90 <= number <= 97:
        return pen._replace(foreground=number - 90, bright=True)
    if 100 <= number <= 107:
        return pen._replace(background=number - 100)
    if number in {1, 22}:
        return pen._replace(bold=number == 1)
    if number in {4, 21, 24}:
        return pen._replace(underline=number != 24 and argument != 0)
    return pen


def _indexed(number: int) -> tuple[int, bool] | None:
    """Return the nearest of eight for a number of the 256-colour table, and whether it is a bright one."""
    if number < 16:
        return number % 8, number >= 8
    if number < 232:
        cube = number - 16
        return nearest(_LEVELS[cube // 36], _LEVELS[cube // 6 % 6], _LEVELS[cube % 6]), False
    if number < 256:
        grey = 8 + 10 * (number - 232)
        return nearest(grey, grey, grey), False
    return None


def nearest(red: int, green: int, blue: int) -> int:
    """Return which of the eight colours (0-7) an RGB value (0-255 each) is nearest to, bright shades included.

    Bright black counts as black, which Discord draws grey.
    """

    def distance(entry: tuple[tuple[int, int, int], int]) -> int:
        shade = entry[0]
        return (shade[0] - red) ** 2 + (shade[1] - green) ** 2 + (shade[2] - blue) ** 2

    return min(_PALETTE, key=distance)[1]
