"""The secrets that the log masks by their very text: a few of the owner's, and the panel keys in use, however many."""

import re
from collections import Counter
from collections.abc import Callable

SHORTEST = 8
"""Characters; masking anything shorter would garble words that happen to contain it."""
_RUN = 32
"""Letters, digits and underscores in a row that every panel's key has: it is 48 of them (`app/Models/ApiKey.php`)."""
_RUNS = re.compile(rf"[A-Za-z0-9_]{{{_RUN},}}")
_KINDS_OF_LETTERS = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))


class KnownSecrets:
    """Masks in time linear in the text, whatever the number of keys."""

    def __init__(self, mask: str) -> None:
        self._mask = mask
        self._own: set[str] = set()
        self._own_pattern: re.Pattern[str] | None = None
        self._keys: dict[str, Counter[str]] = {}
        """By their first 32 characters, each with how many hold it."""

    def add(self, secret: str) -> None:
        """Mask this text, one of the owner's few, from now on; it is left alone where it is shorter than 8."""
        if len(secret) >= SHORTEST:
            self._own.add(secret)
            longest_first = sorted(self._own, key=len, reverse=True)
            self._own_pattern = re.compile("|".join(map(re.escape, longest_first)))

    def hold(self, key: str) -> Callable[[], None]:
        """Mask a panel key until the function that is returned is called.

        Whoever connects a panel of his own may call any text a key. Only what looks drawn by lot as a panel draws it is
        masked: a word of the log's, a name or an identifier would otherwise vanish from the log for everybody.
        """
        runs = [run for run in _RUNS.findall(key) if all(kind.search(run) for kind in _KINDS_OF_LETTERS)]
        for run in runs:
            self._keys.setdefault(run[:_RUN], Counter())[run] += 1

        def let_go() -> None:
            while runs:
                self._let_go(runs.pop())

        return let_go

    def clear(self) -> None:
        """Forget all."""
        self._own.clear()
        self._own_pattern = None
        self._keys.clear()

    def mask(self, text: str) -> str:
        """Return the text with every known secret masked."""
        if self._own_pattern is not None:
            text = self._own_pattern.sub(self._mask, text)
        return _RUNS.sub(self._masked_run, text) if self._keys else text

    def _masked_run(self, found: re.Match[str]) -> str:
        run, shown, start = found.group(), list[str](), 0
        while start < len(run):
            here = self._keys.get(run[start : start + _RUN], ())
            longest = max((len(key) for key in here if run.startswith(key, start)), default=0)
            shown.append(self._mask if longest else run[start])
            start += longest or 1
        return "".join(shown)

    def _let_go(self, run: str) -> None:
        alike = self._keys[run[:_RUN]]
        alike[run] -= 1
        if not alike[run]:
            del alike[run]
        if not alike:
            del self._keys[run[:_RUN]]
