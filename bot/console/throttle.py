"""Notices when Wings drops console output, and when it has calmed down so that the end can be asked for."""

from bot.console.marks import WINGS_HISTORY, is_daemon_line

_WORDS = "outputting console data too quickly"
_LOOK = 300
"""Characters of a line that are looked at: Wings' own are far shorter."""
_CALM = 300
"""Lines between two looks: of 2,000 in a tenth of a second Wings drops the rest."""


class Throttle:
    """One connection's episodes: Wings says that one began (wings `server/console.go`), and never that it ended."""

    def __init__(self) -> None:
        self.on = False
        """Whether lines were dropped since the end was asked for the last time."""
        self._lines = self._looked_at = self._since = 0

    def hear(self, line: str) -> bool:
        """Take note of a console line; return whether it says that an episode began."""
        self._lines += 1
        if _WORDS not in line[:_LOOK] or not is_daemon_line(line):
            return False
        self.on, self._since = True, self._lines
        return True

    def calm(self) -> bool:
        """Return whether few lines came since this was asked the last time."""
        came, self._looked_at = self._lines - self._looked_at, self._lines
        return came < _CALM

    def over(self) -> bool:
        """The end is asked for; return whether a history can show all that was dropped since it began."""
        self.on = False
        return self._lines - self._since < WINGS_HISTORY
