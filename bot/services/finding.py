"""Pure: which server is meant by what somebody typed, and what to say when none is."""

from collections.abc import Sequence

from bot.errors import BadInput
from bot.i18n import _
from bot.names import fold, is_one_line
from bot.panel.models import Server as PanelServer
from bot.store.values import LinkedServer, Panel
from bot.text.markdown import escape

MAX_NAME = 100
"""Characters: an autocomplete choice holds no more."""
_LONGEST_TYPED = 2 * MAX_NAME
"""Characters: a name, and room for spaces too many."""
_LONGEST_FOLDED = 18 * MAX_NAME
"""Characters: one (U+FDFA) becomes 18 when it is folded, and none more."""


def named(text: str, servers: Sequence[LinkedServer]) -> LinkedServer | None:
    """Return the server of that name, else of that identifier, else of that uuid; case does not matter."""
    wanted = fold(text)
    by_name = (s for s in servers if fold(s.name) == wanted)
    by_id = (s for s in servers if wanted in {fold(s.identifier), fold(s.uuid)})
    return next(by_name, None) or next(by_id, None)


def on_panel(text: str, servers: Sequence[PanelServer]) -> PanelServer | None:
    """Return the panel's server of that identifier, uuid or name; BadInput when several bear the name."""
    wanted = fold(text)
    by_id = [s for s in servers if wanted in {fold(s.identifier), fold(s.uuid)}]
    by_name = [s for s in servers if fold(s.name) == wanted]
    if len(by_name) > 1 and not by_id:
        raise BadInput(
            _("The panel has {count} servers called {name}; use the identifier: {identifiers}.").format(
                count=len(by_name), name=escape(text), identifiers=", ".join(f"`{s.identifier}`" for s in by_name[:10])
            )
        )
    return next(iter(by_id or by_name), None)


def sought(typed: str) -> str | None:
    """Return what is looked for in folded names by what was typed so far; None where it can occur in no name.

    Nobody's keys are worth folding what no name is as long as, nor does every database look for it: SQLite refuses
    patterns over 50,000 bytes.
    """
    if len(typed) > _LONGEST_TYPED:
        return None
    folded = fold(typed)
    if folded and not is_one_line(folded):
        return None
    return folded if len(folded) <= _LONGEST_FOLDED else None


def fits(typed: str, *candidates: str) -> bool:
    """Whether what was typed so far occurs in one of the candidates."""
    folded = fold(typed)
    return any(folded in fold(candidate) for candidate in candidates)


def which(text: str | None, choices: Sequence[LinkedServer], *, any_linked: bool) -> str:
    """Return the sentence for a server that could not be told: nothing linked, nothing allowed, or which there are."""
    names = ", ".join(f"**{escape(s.name)}**" for s in choices[:15])
    if not any_linked:
        return _("No server is linked yet; an admin can use `/panel connect` and `/server link`.")
    if not choices:
        return _("None of your roles gives you a server for this; an admin can allow it with `/access grant`.")
    if text is None:
        return _("Say which server: {names}.").format(names=names)
    return _("No linked server is called “{text}”; you can choose {names}.").format(
        text=escape(text[:MAX_NAME]), names=names
    )


def not_on_panel(panel: Panel, text: str) -> str:
    """Return the sentence for a server that the panel does not show."""
    return _(
        "The panel **{panel}** shows its key no server called “{text}”; add the key's user as subuser there first."
    ).format(panel=escape(panel.label), text=escape(text[:MAX_NAME]))


def check_name(name: str) -> str:
    """Return the name trimmed; BadInput unless it is one line of 1 to 100 characters."""
    stripped = name.strip()
    if len(stripped) > MAX_NAME or not is_one_line(stripped):
        raise BadInput(_("A server's name is one line of 1 to {count} characters.").format(count=MAX_NAME))
    return stripped
