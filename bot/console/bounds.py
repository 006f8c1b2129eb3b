"""Pure: how much of what a node sends is looked at. Wings keeps to these bounds by itself; others need not."""

from bot.i18n import _

LONGEST_TEXT = 64 * 1024
"""Bytes in UTF-8. Wings cuts the text of an event there (`system/utils.go`, `MaxBufferSize`)."""
LARGEST_FRAME = 8 * LONGEST_TEXT
"""Bytes. Escaped as JSON a text can grow sixfold."""
LONGEST_VALUES = 8 * 1024
"""Characters. What `stats` and `backup completed` carry has some hundred."""

_LONGEST_WORD = 2048
_SEPARATORS = frozenset(",;|\"'<>()[]{}")
_SMALL = 16 * 1024
_STRINGS = 64
_BETWEEN = 256


def weight(text: str) -> int:
    """Return about how many bytes a text takes in memory, never less but for what every object takes."""
    return len(text) if text.isascii() else 4 * len(text)


def cut(text: str) -> str:
    """Return an event's text, at most `LONGEST_TEXT` bytes of it; if there was more, its end says so.

    The word at the cut goes with the rest: it may be half of an address or of a password, which nothing would mask.
    """
    if len(text) <= LONGEST_TEXT // 4 or (text.isascii() and len(text) <= LONGEST_TEXT):
        return text
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= LONGEST_TEXT:
        return text
    mark = _(" ✂ (the rest was dropped: longer than {size} KiB)").format(size=LONGEST_TEXT // 1024)
    room = LONGEST_TEXT - len(mark.encode())
    while data[room] & 0xC0 == 0x80:  # in the midst of a character
        room -= 1
    kept = data[:room].decode("utf-8", "surrogatepass")
    end = len(kept)
    while end > len(kept) - _LONGEST_WORD and not _separates(kept[end - 1]):
        end -= 1
    return kept[:end] + mark


def _separates(character: str) -> bool:
    return character.isspace() or character in _SEPARATORS


def is_flat(frame: str) -> bool:
    """Whether a frame is small, or holds hardly more than texts, as those of Wings do.

    A large one of another kind would take long to read as JSON, only to be ignored.
    """
    if len(frame) <= _SMALL:
        return True
    bare = frame.replace("\\\\", "").replace('\\"', "")
    parts = bare.split('"', 2 * _STRINGS)
    return len(parts) <= 2 * _STRINGS and sum(map(len, parts[::2])) <= _BETWEEN
