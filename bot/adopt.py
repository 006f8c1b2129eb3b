"""Hands the database over to another Discord application on purpose, for `python -m bot adopt`."""

from collections.abc import Awaitable, Callable

from bot import application
from bot.application import Application
from bot.discord_probe import where_am_i
from bot.i18n import _, ngettext
from bot.settings import Settings, require_token
from bot.sole_store import open_alone
from bot.store.database import sqlite_file
from bot.store.places import file_there

Probe = Callable[[str, str | None], Awaitable[tuple[Application, frozenset[int]]]]


async def adopt(settings: Settings, *, probe: Probe = where_am_i) -> str:
    """Make the token's application the database's owner; return what was done, in sentences.

    Besides, the database is brought up to date as by a start of the bot: its tables are migrated, its keys encrypted
    with the newest secret key, and a key file is made where there is none and none is needed yet. Where there is no
    database, nothing is done.

    Raises:
        StartupError: the settings, the token, Discord or the database do not serve, or a bot is running on it.
    """
    token = require_token(settings)
    file = sqlite_file(settings.database_url)
    if file is not None and file_there(settings.database_url) is None:
        return _(
            "There is no database yet at {file}: it will belong to the first application that starts on it."
        ).format(file=file)
    found, present = await probe(token, settings.discord_api_url)
    async with open_alone(settings) as (store, _sole_bot):
        owner = application.parsed(await store.state.get(application.FACT))
        known = await store.guilds.all()
        if owner is not None and owner.id != found.id:
            await store.departures.clear()
        await application.remember(store.state, found)
    told = _told(owner, found, missing=len(set(known) - present), known=len(known))
    return told + " " + _("Besides, the database is up to date now, as after a start of the bot.")


def _told(owner: Application | None, found: Application, *, missing: int, known: int) -> str:
    if owner is None:
        return _("The database belonged to no application yet; from now on it belongs to {found}.").format(found=found)
    if owner.id == found.id:
        return _("The database belongs to {found} already; that was not changed.").format(found=found)
    told = _("The database belonged to {owner}; from now on it belongs to {found}. Nothing was deleted.").format(
        owner=owner, found=found
    )
    if missing:
        told += " " + ngettext(
            "Of {known} Discord servers that were served so far, {found} is missing in {missing}: what is stored for "
            "it is deleted once the bot has run for seven days without being invited there.",
            "Of {known} Discord servers that were served so far, {found} is missing in {missing}: what is stored for "
            "them is deleted once the bot has run for seven days without being invited there.",
            missing,
        ).format(known=known, found=found, missing=missing)
    return told
