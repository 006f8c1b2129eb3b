"""Say-templates: where in a console command a member's message lands, and what it must not hold there.

A template is text in the language of a game that the bot does not know. Four places can be told apart by what stands
around `{message}`, in any of these languages:

- outside of quotation marks, the message stands as it is;
- inside of `"…"` that stand by themselves, as in `say "{message}"`: Source and Quake know no way to write a quotation
  mark there and others escape it, so neither it nor a backslash is taken;
- inside of a string of JSON, as in `tellraw @a {"text":"{message}"}`, both are escaped, as in Minecraft's SNBT;
- inside of `'…'`, and of strings in strings, no quotation mark of either kind and no backslash is taken.

A template in which a message could break out of its place all the same is refused itself.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from bot.errors import BadInput
from bot.i18n import _
from bot.text.markdown import code

PLACEHOLDER = "{message}"
_SLOT = "\0"
"""Stands for the placeholder while a template is read: one character, and none that a template can hold."""
_CLOSING = {"{": "}", "[": "]", "(": ")"}
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_APOSTROPHES = re.compile(r"'((?:[^'\\]|\\.)*)'(?!\w)")
_FIELD_NAME = re.compile(r"\s*[\w.+-]+\s*:")
_TAKES_JSON = re.compile(r"(?:\A|\srun\s)[\s/]*(?:minecraft:)?(tellraw|title)\s", re.IGNORECASE)


class Place(Enum):
    """Where a message lands; the value says which characters do not fit there."""

    BARE = ""
    QUOTED = '"\\'
    ESCAPED = _SLOT
    NESTED = "\"\\'"


@dataclass(frozen=True, slots=True)
class SayTemplate:
    """A template out of whose places no message can break."""

    text: str
    places: tuple[Place, ...]
    """One for each placeholder, in order."""
    leads: bool
    """Whether a message stands where the console reads the name of a command."""

    @classmethod
    def kept(cls, text: str) -> "SayTemplate":
        """Read a linked server's template; BadInput says why it cannot be used, and where another one is set."""
        try:
            return cls.parse(text)
        except BadInput as error:  # stored before such templates were refused
            raise BadInput(
                _("{sentence} `/server edit` sets another one, in `say_template`.").format(sentence=error)
            ) from error

    @classmethod
    def parse(cls, text: str) -> "SayTemplate":
        """Read a template of one line; BadInput says why it cannot be used."""
        reader = _Reader(text)
        reader.read()
        return cls(text, tuple(reader.places), any(_names_command(before) for before in _befores(text)))

    def misfit(self, message: str) -> str | None:
        """Return the first character of the message that does not fit into one of the places; None if all do."""
        misfits = {char for place in self.places for char in place.value}
        return next((char for char in message if char in misfits), None)

    def fill(self, message: str) -> str:
        """Return the console command for a message without misfits and control characters."""
        escaped = json.dumps(message, ensure_ascii=False)[1:-1]
        first, *others = self.text.split(PLACEHOLDER)
        said = (escaped if place is Place.ESCAPED else message for place in self.places)
        return first + "".join(part for pair in zip(said, others, strict=True) for part in pair)


class _Reader:
    """Goes through a template once, from left to right."""

    def __init__(self, template: str) -> None:
        self.places: list[Place] = []
        self._template = template
        self._text = template.replace(PLACEHOLDER, _SLOT)
        self._at = 0

    def read(self) -> None:
        """Find the places; BadInput where a message could break out."""
        joined = re.search(rf"(?:\\|\$[\w({{-]*)(?={_SLOT})|{_SLOT}[A-Za-z_({{{_SLOT}]", self._text)
        if joined is not None:
            sign = joined.group().strip(_SLOT) or PLACEHOLDER
            self._refuse(_("{sign} right beside {placeholder} would become one with what is said"), sign)
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == _SLOT:
                self._bare()
            elif char == '"':
                self._quotation()
            elif char == "'" and self._begins_word():
                self._apostrophes()
            elif char in _CLOSING and self._begins_data(char):
                self._data()
            self._at += 1

    def _bare(self) -> None:
        wants_json = _TAKES_JSON.search(_last_command(self._text[: self._at]))
        if wants_json is not None:
            self._refuse(_('{sign} takes JSON, so write {{"text":"{placeholder}"}} there'), wants_json.group(1))
        self.places.append(Place.BARE)

    def _quotation(self) -> None:
        end = self._text.find('"', self._at + 1)
        if end < 0:
            self._refuse(_("{sign} opens a quotation that nothing closes"), '"')
        self.places += [Place.QUOTED] * self._text.count(_SLOT, self._at, end)
        self._at = end

    def _apostrophes(self) -> None:
        quoted = _APOSTROPHES.match(self._text, self._at)
        if quoted is not None:
            self.places += [Place.NESTED] * quoted.group().count(_SLOT)
            self._at = quoted.end() - 1
        elif self._text.startswith(_SLOT, self._at + 1):
            self._refuse(_("{sign} opens a quotation that nothing closes"), "'")

    def _begins_word(self) -> bool:
        return self._at == 0 or self._text[self._at - 1] in " (,=:"

    def _begins_data(self, bracket: str) -> bool:
        """Whether a bracket is one of JSON, of a selector or of a call, and not one in a text to be said."""
        if re.search(r"\w\Z", self._text[: self._at]):
            return True
        if bracket == "(" or not self._begins_word():
            return False
        rest = self._text[self._at + 1 :].lstrip()
        if bracket == "{" and (rest.startswith(_SLOT) or _FIELD_NAME.match(rest)):
            return True
        return rest[:1] in {'"', "'", "{", "["}

    def _data(self) -> None:
        """Go to the bracket that closes the one here; what a message may stand in is strings."""
        awaited: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == _SLOT:
                self._refuse(_("{placeholder} stands in brackets without quotation marks around it"))
            elif char == '"':
                self._string(_STRING, Place.QUOTED if ")" in awaited else Place.ESCAPED)
            elif char == "'":
                self._string(_APOSTROPHES, Place.NESTED)
            elif char in _CLOSING:
                awaited.append(_CLOSING[char])
            elif char in _CLOSING.values() and char != awaited.pop():
                break
            if not awaited:
                return
            self._at += 1
        self._refuse(_("its brackets do not fit together"))

    def _string(self, form: re.Pattern[str], place: Place) -> None:
        string = form.match(self._text, self._at)
        if string is None:
            self._refuse(_("{sign} opens a quotation that nothing closes"), self._text[self._at])
        count = string.group().count(_SLOT)
        if count and re.match(r"\s*:", self._text[string.end() :]):
            self._refuse(_("{placeholder} stands in the name of a field"))
        if count and place is Place.ESCAPED and "\\" in string.group():
            place = Place.NESTED  # the string may hold another language, in whose strings the message stands
        self.places += [place] * count
        self._at = string.end() - 1

    def _refuse(self, why: str, sign: str = "") -> NoReturn:
        reason = why.format(sign=code(sign), placeholder=PLACEHOLDER)
        raise BadInput(
            _("The say-template {template} cannot be used: {reason}.").format(
                template=code(self._template), reason=reason
            )
        )


def _befores(template: str) -> Iterator[str]:
    """What stands before each placeholder of the template."""
    for placeholder in re.finditer(re.escape(PLACEHOLDER), template):
        yield template[: placeholder.start()]


def _last_command(before: str) -> str:
    """The command under way at the end of a piece of a template, which may hold several."""
    begin, quoted = 0, False
    for at, char in enumerate(before):
        quoted ^= char == '"'
        if char in ";|&" and not quoted:
            begin = at + 1
    return before[begin:]


def _names_command(before: str) -> bool:
    """Whether what follows is a command's name, or the rest of one."""
    begun = _last_command(before).lstrip(" /\\\"'([{<")
    return re.search(r"[\s\"'(\[{]", begun) is None
