"""Pure: which server is meant by what somebody typed, and what to say when none is."""

import re
from collections.abc import Iterator, Sequence

from bot.api_keys import refuse_key
from bot.errors import BadInput, UnknownServer
from bot.i18n import _
from bot.names import fold, is_one_line
from bot.panel.bounds import MOST_SERVERS
from bot.panel.models import ListedServer, ListEnd
from bot.services.server_lists import KeptList
from bot.store.values import LinkedServer, Panel
from bot.text.markdown import code, escape

MAX_NAME = 100
"""Characters: an autocomplete choice holds no more."""
_ADDRESS = re.compile(
    r"^(?:https?://)?[^\s/]+/(?:[^\s?#]*/)?servers?/([A-Za-z0-9_-]{8,64})(?:[/?#]\S*)?$", re.IGNORECASE
)
_PART_OF_ID = re.compile(r"(?=.*[0-9])[0-9a-f]{4,7}|[0-9a-f]{8}-[0-9a-f-]{0,26}[0-9a-f]", re.IGNORECASE)
_WHOLE_ID = re.compile(r"[0-9a-f]{8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_NAMED = 15
_LONGEST_TYPED = 2 * MAX_NAME
"""Characters: a name, and room for spaces too many."""
_LONGEST_FOLDED = 18 * MAX_NAME
"""Characters: one (U+FDFA) becomes 18 when it is folded, and none more."""


def named(text: str, servers: Sequence[LinkedServer]) -> LinkedServer | None:
    """Return the server of that name, identifier or uuid, whatever its case; UnknownServer where it means several.

    A name may be another's identifier: it was given before that was refused, or the identifier has become known since.
    To take either would be to guess which server somebody wants to stop.
    """
    wanted = fold(text)
    found = [s for s in servers if wanted in {fold(s.name), fold(s.identifier), fold(s.uuid)}]
    if len(found) > 1:
        words = ", ".join(code(_word_for(s, wanted)) for s in found[:_MOST_NAMED])
        raise UnknownServer(
            _("“{text}” could mean several servers: type {words} instead.").format(
                text=escape(text.strip()[:MAX_NAME]), words=words
            )
        )
    return found[0] if found else None


def on_panel(text: str, kept: KeptList | None) -> ListedServer | None:
    """Return the panel's server of that identifier, uuid or name; BadInput when several bear the name."""
    if kept is None:
        return None
    wanted, typed = fold(text), text.strip().lower()
    by_id = [c for c in kept.candidates if typed in {c.server.identifier.lower(), c.server.uuid.lower()}]
    by_name = [c for c in kept.candidates if c.folded == wanted]
    if len(by_name) > 1 and not by_id:
        raise BadInput(
            _("The panel has {count} servers called {name}; use the identifier: {identifiers}.").format(
                count=len(by_name),
                name=escape(text[:MAX_NAME]),
                identifiers=", ".join(f"`{c.server.identifier}`" for c in by_name[:10]),
            )
        )
    found = next(iter(by_id or by_name), None)
    return found.server if found is not None else None


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


def _word_for(server: LinkedServer, ambiguous: str) -> str:
    """Return what else may be typed for the server; its uuid is no other's."""
    return next((w for w in (server.name, server.identifier) if fold(w) != ambiguous), server.uuid)


def which(text: str | None, choices: Sequence[LinkedServer]) -> str:
    """Return the sentence for a server that could not be told, among those that could be meant."""
    names = ", ".join(f"**{escape(s.name)}**" for s in choices[:_MOST_NAMED])
    if len(choices) > _MOST_NAMED:
        names += ", …"
    if text is None:
        return _("Which server? Choose one with the option `server`: {names}.").format(names=names)
    return _("No server here is called “{text}”. Choose one of these: {names}.").format(
        text=escape(text[:MAX_NAME]), names=names
    )


def not_on_panel(panel: Panel, text: str, kept: KeptList) -> str:
    """Return the sentence for a server that the panel does not show."""
    if kept.end is not ListEnd.COMPLETE:
        return _(
            "Among the {count} servers of the panel **{panel}** that could be listed is none called “{text}”; "
            "the others can be linked by their identifier."
        ).format(count=len(kept.candidates), panel=escape(panel.label), text=escape(text[:MAX_NAME])) + _too_short(text)
    return _(
        "The panel **{panel}** shows its key no server called “{text}”; add the key's user as subuser there first."
    ).format(panel=escape(panel.label), text=escape(text[:MAX_NAME])) + _too_short(text)


def is_by_name_only(text: str, found: ListedServer) -> bool:
    """Whether the text, by which the server was found as its name, looks like an identifier: then of another."""
    typed = text.strip().lower()
    return _WHOLE_ID.fullmatch(typed) is not None and typed not in {found.identifier.lower(), found.uuid.lower()}


def pasted_identifier(text: str) -> str | None:
    """Return the identifier in a server's address as it is copied from a browser; None for any other text."""
    found = _ADDRESS.search(text.strip())
    return found[1] if found is not None else None


def _too_short(text: str) -> str:
    """Return a sentence, with a blank before it, for what looks like a part of an identifier or uuid."""
    typed = text.strip()
    if _PART_OF_ID.fullmatch(typed) is None:
        return ""
    told = _(
        " That looks like a part of an identifier, and is too short with {count} characters: a server's identifier has "
        "8, its uuid 36; copy it whole."
    )
    return told.format(count=len(typed))


def about_list(kept: KeptList, *, free: int, shown: int) -> Iterator[str]:
    """Yield what is to be said of a list: it is empty, not whole, or of its `free` servers a menu holds `shown`."""
    if not kept.candidates:
        yield _("The key's user sees no server yet: add it as subuser in the panel, then use `/server link`.")
    if kept.end is ListEnd.TOO_MANY:
        yield _(
            "The panel shows this key more servers than can be listed, which are {count} at most: "
            "`/server link` takes the others by their identifier."
        ).format(count=f"{MOST_SERVERS:,}")
    if kept.end is ListEnd.TOO_SLOW:
        yield _(
            "The panel did not tell all its servers in time, so only {count} are listed: "
            "`/server link` takes the others by their identifier."
        ).format(count=f"{len(kept.candidates):,}")
    if free > shown:
        yield _("The menu holds the first {count} of {all}; `/server link` finds the others by name.").format(
            count=shown, all=f"{free:,}"
        )


def check_name(name: str) -> str:
    """Return the name trimmed; BadInput unless it is one line of 1 to 100 characters."""
    refuse_key("name", name)
    stripped = name.strip()
    if len(stripped) > MAX_NAME or not is_one_line(stripped):
        raise BadInput(
            _("A server's name is one line of 1 to {count} characters, without control characters.").format(
                count=MAX_NAME
            )
        )
    return stripped
