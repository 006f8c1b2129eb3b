"""Says in plain words what is wrong with a set-up, for `python -m bot check`; changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet

from bot import application
from bot.application import Application
from bot.discord_probe import GuildRights, who_am_i
from bot.discord_rights import LOOK_BACK, invitation
from bot.errors import BotError, ExitCode, StartupError
from bot.health import Health
from bot.i18n import _, ngettext
from bot.instance_lock import require_lockable
from bot.names import tidied
from bot.panel.pool import PanelPool
from bot.secret_keys import key_file, key_file_lost, read_keys
from bot.settings import Settings, require_token
from bot.store.database import make_engine, sqlite_file
from bot.store.limits import Limits
from bot.store.migrate import Standing
from bot.store.places import file_there, require_place
from bot.store.store import Store, holds_keys, inspect, peek
from bot.store.values import Panel, PanelKey
from bot.text.markdown import plain

Probe = Callable[[str, str | None], Awaitable[Application]]
Rights = Callable[[str, str | None], Awaitable[Sequence[GuildRights]]]
_MOST_GUILDS = 10
"""Named with the rights that they did not give."""
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    fine: bool
    subject: str
    text: str
    """How it is; where it is not fine, also what to do."""

    def __str__(self) -> str:
        text = self.text
        if text.startswith(f"{self.subject} "):  # the name of a setting is not said twice
            text = text.removeprefix(f"{self.subject} ").removeprefix("is ")
        return f"{'ok' if self.fine else 'wrong':<5}  {self.subject}: {text}"


async def check(settings: Settings, *, probe: Probe = who_am_i, rights: Rights | None = None) -> AsyncIterator[Finding]:
    """Yield what is found, one thing after the other.

    `probe` asks Discord whose token it is, `rights` where the bot was given less than its invitation asks for.
    """
    discord, found = await _discord(settings, probe)
    yield discord
    if found is not None:
        yield Finding(True, _("invitation"), invitation(found.id))
        for finding in await _rights(settings, rights):
            yield finding
    yield await _http_listen(settings)
    database, standing = await _database(settings)
    yield database
    if not database.fine:
        return
    owner = application.parsed(await peek(settings.database_url, application.FACT))
    if owner is not None and found is not None:
        yield _owner(owner, found)
    try:
        file = key_file(sqlite_file(settings.database_url))
        keys = read_keys(_secret(settings), file)
        if keys is None and await holds_keys(settings.database_url):
            raise key_file_lost(file)
        # Where no key was made yet, any will do to find out that nothing is stored which would need one.
        store = Store.attach(settings.database_url, (Fernet.generate_key().decode(),) if keys is None else keys)
    except StartupError as error:
        yield Finding(False, "SECRET_KEYS", str(error))
        return
    try:
        panels = await _panels(store) if standing is Standing.CURRENT else []
        most = await store.most_per_guild() if standing is Standing.CURRENT else Limits(0, 0, 0, 0)
    except StartupError as error:
        yield Finding(False, "SECRET_KEYS", str(error))
        return
    finally:
        await store.close()
    yield Finding(True, "SECRET_KEYS", _("they fit.") if keys else _("a key file will be made at the first start."))
    for finding in _limits(settings, most):
        yield finding
    for finding in await _reach(panels, allow_private=settings.allow_private_panels):
        yield finding


async def _discord(settings: Settings, probe: Probe) -> tuple[Finding, Application | None]:
    try:
        found = await probe(require_token(settings), settings.discord_api_url)
    except StartupError as error:
        subject = "DISCORD_TOKEN" if error.exit_code == ExitCode.TOKEN else "Discord"
        return Finding(False, subject, str(error)), None
    text = _("it is the token of the application {application}.").format(application=found)
    return Finding(True, "DISCORD_TOKEN", text), found


async def _rights(settings: Settings, rights: Rights | None) -> list[Finding]:
    """Name what was not given: none of it is wrong, for channels may give it, and much works without."""
    if rights is None:
        return []
    subject = _("rights")
    try:
        lacking = await rights(require_token(settings), settings.discord_api_url)
    except StartupError as error:
        return [Finding(False, subject, str(error))]
    if not lacking:
        return [Finding(True, subject, _("the bot has all that its invitation asks for, wherever it is."))]
    text = _("in “{guild}” the bot was not given {rights}. {means}Open the invitation again to give all of them.")
    findings = [
        Finding(
            True,
            subject,
            text.format(
                guild=tidied(guild.name, _LONGEST_NAME), rights=", ".join(guild.lacking), means=_means(guild.lacking)
            ),
        )
        for guild in lacking[:_MOST_GUILDS]
    ]
    rest = len(lacking) - _MOST_GUILDS
    if rest > 0:
        more = ngettext("and so in {count} Discord server more.", "and so in {count} Discord servers more.", rest)
        findings.append(Finding(True, subject, more.format(count=rest)))
    return findings


def _means(lacking: Sequence[str]) -> str:
    if LOOK_BACK not in lacking:
        return ""
    return _("Without {right}, a message on its way while the bot is killed may be posted twice. ").format(
        right=LOOK_BACK
    )


def _owner(owner: Application, found: Application) -> Finding:
    subject = _("application")
    try:
        application.refuse_other(owner, found)
    except StartupError as error:
        return Finding(False, subject, str(error))
    return Finding(True, subject, _("the database belongs to it."))


async def _http_listen(settings: Settings) -> Finding:
    subject = "HTTP_LISTEN"
    if settings.http_listen is None:
        return Finding(True, subject, _("off."))
    try:
        health = await Health({}).start(*settings.http_listen)
    except StartupError as error:
        return Finding(
            False, subject, _("{error} If the bot is running right now, this is its own.").format(error=error)
        )
    await health.close()
    return Finding(True, subject, _("free."))


async def _database(settings: Settings) -> tuple[Finding, Standing]:
    subject = "DATABASE_URL"
    try:
        file = sqlite_file(settings.database_url)
        make_engine(settings.database_url)  # refuses a driver that cannot be used; it does not connect yet
        require_place(settings.database_url)
        require_lockable(file)
        if file is not None and file_there(settings.database_url) is None:
            text = _("{file} will be made at the first start.").format(file=file)
            return Finding(True, subject, text), Standing.EMPTY
        standing = await inspect(settings.database_url)
    except StartupError as error:
        return Finding(False, subject, str(error)), Standing.EMPTY
    match standing:
        case Standing.NEWER:
            text = _("the database was made by a newer version of this program: install that version again.")
        case Standing.OLDER:
            text = _("opens; it is of an older version and will be brought up to date at the next start.")
        case Standing.EMPTY:
            text = _("opens; the tables will be made at the first start.")
        case Standing.CURRENT:
            text = _("opens and is up to date.")
    return Finding(standing is not Standing.NEWER, subject, text), standing


def _limits(settings: Settings, most: Limits) -> list[Finding]:
    """Name the limits that a guild is beyond: they were lowered, or it was there before them."""
    findings: list[Finding] = []
    for subject, limit, count in (
        ("MAX_PANELS", settings.max_panels, most.panels),
        ("MAX_SERVERS", settings.max_servers, most.servers),
        ("MAX_GRANTS", settings.max_grants, most.grants),
        ("MAX_RELAYS", settings.max_relays, most.relays),
    ):
        if count > limit:
            text = _("one Discord server has {count} and may have {limit}: they stay, and it can add no more.")
            findings.append(Finding(True, subject, text.format(count=count, limit=limit)))
    return findings


async def _panels(store: Store) -> list[tuple[Panel, PanelKey]]:
    found: list[tuple[Panel, PanelKey]] = []
    for guild_id in await store.guilds.all():
        keys = await store.panels.keys(guild_id)
        found += [(panel, keys[panel.id]) for panel in await store.panels.list(guild_id) if panel.id in keys]
    return found


async def _reach(panels: list[tuple[Panel, PanelKey]], *, allow_private: bool) -> list[Finding]:
    pool = PanelPool(allow_private=allow_private)
    try:
        return await asyncio.gather(*(_reach_one(pool, panel, key) for panel, key in panels))
    finally:
        await pool.close()


async def _reach_one(pool: PanelPool, panel: Panel, key: PanelKey) -> Finding:
    subject = _("panel “{label}” of guild {guild}").format(label=panel.label, guild=panel.guild_id)
    try:
        await pool.client(url=key.url, key=key.key, kind=key.kind).recognise()
    except BotError as error:
        return Finding(False, subject, plain(str(error)))
    return Finding(True, subject, _("answers and accepts the key."))


def _secret(settings: Settings) -> str | None:
    return settings.secret_keys.get_secret_value() if settings.secret_keys else None
