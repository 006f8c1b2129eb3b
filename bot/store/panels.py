"""Queries about panels; the only place where a panel key is encrypted and decrypted."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from bot.errors import BadInput
from bot.i18n import _
from bot.names import fold
from bot.store.database import Database
from bot.store.guilds import ensure_guild
from bot.store.limits import refuse_more_panels
from bot.store.locks import delete_relays, hold
from bot.store.tables import GrantRow, PanelRow, RelayRow, ServerRow
from bot.store.values import Panel, PanelKey
from bot.store.vault import Vault
from bot.terms import PanelKind
from bot.text.markdown import escape


class Panels:
    """The panels that guilds connected."""

    def __init__(self, database: Database, vault: Vault, *, most: int) -> None:
        """`most`: how many a guild may have."""
        self._database = database
        self._most = most
        self._vault = vault

    async def add(self, guild_id: int, url: str, kind: PanelKind, label: str, key: str) -> Panel:
        """Store a panel and its key, and return it.

        Raises:
            BadInput: the guild has a panel of that label already.
            LimitReached: it has all the panels that it may have.
        """
        async with self._database.writing() as session:
            await ensure_guild(session, guild_id)
            await refuse_more_panels(session, guild_id, self._most)
            same = select(PanelRow.label).where(PanelRow.guild_id == guild_id, PanelRow.label_folded == fold(label))
            taken = await session.scalar(same)
            if taken is not None:
                raise BadInput(
                    _("There is a panel called “{label}” already; choose another label.").format(label=escape(taken))
                )
            row = PanelRow(
                guild_id=guild_id,
                url=url,
                kind=kind.value,
                label=label,
                label_folded=fold(label),
                key_encrypted=self._vault.encrypt(key),
            )
            session.add(row)
            await session.flush()
            return panel_value(row)

    async def require_room(self, guild_id: int) -> None:
        """Raise LimitReached where the guild has all the panels that it may have."""
        async with self._database.reading() as session:
            await refuse_more_panels(session, guild_id, self._most)

    async def list(self, guild_id: int) -> Sequence[Panel]:
        """Return the guild's panels by label."""
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(PanelRow).where(PanelRow.guild_id == guild_id).order_by(PanelRow.label_folded)
            )
            return [panel_value(row) for row in rows]

    async def urls(self, guild_id: int) -> dict[int, str]:
        """Return the addresses of the guild's panels by panel id, with no key decrypted."""
        async with self._database.reading() as session:
            rows = await session.execute(select(PanelRow.id, PanelRow.url).where(PanelRow.guild_id == guild_id))
            return {row.id: row.url for row in rows}

    async def labels(self, guild_id: int) -> dict[int, str]:
        """Return the labels of the guild's panels by panel id, in their order, with no key decrypted."""
        query = select(PanelRow.id, PanelRow.label).where(PanelRow.guild_id == guild_id)
        async with self._database.reading() as session:
            return {row.id: row.label for row in await session.execute(query.order_by(PanelRow.label_folded))}

    async def get(self, guild_id: int, panel_id: int) -> Panel | None:
        """Return the guild's panel of that id."""
        async with self._database.reading() as session:
            row = await session.get(PanelRow, panel_id)
            return panel_value(row) if row is not None and row.guild_id == guild_id else None

    async def find(self, guild_id: int, label: str) -> Panel | None:
        """Return the guild's panel of that label, whatever its case."""
        async with self._database.reading() as session:
            row = await session.scalar(
                select(PanelRow).where(PanelRow.guild_id == guild_id, PanelRow.label_folded == fold(label))
            )
            return panel_value(row) if row is not None else None

    async def key(self, guild_id: int, panel_id: int) -> PanelKey | None:
        """Return what opens the guild's panel of that id: the one way to a stored key, for the pool's clients.

        None where there is no such panel, and where its key was deleted.
        """
        async with self._database.reading() as session:
            row = await session.get(PanelRow, panel_id)
            return self._opened(row) if row is not None and row.guild_id == guild_id else None

    async def keys(self, guild_id: int) -> dict[int, PanelKey]:
        """Return what opens the guild's panels, by panel id; those whose key was deleted are left out."""
        async with self._database.reading() as session:
            rows = await session.scalars(select(PanelRow).where(PanelRow.guild_id == guild_id))
            keys = {row.id: self._opened(row) for row in rows}
            return {panel_id: key for panel_id, key in keys.items() if key is not None}

    async def replace_key(self, panel_id: int, key: str) -> tuple[bool, PanelKey | None]:
        """Store another key for the panel; return whether there is such a panel (still), and the key it had, if any."""
        async with self._database.writing() as session:
            row = await hold(session, PanelRow, panel_id)
            if row is None:
                return False, None
            former = self._opened(row)
            row.key_encrypted = self._vault.encrypt(key)
            return True, former

    async def remove(self, panel_id: int) -> tuple[bool, PanelKey | None]:
        """Delete the panel with its servers, their relays and grants, and the grants that act with its key.

        Returns whether there was such a panel (still), and the key that it had, if any.
        """
        async with self._database.writing() as session:
            row = await hold(session, PanelRow, panel_id)
            if row is None:
                return False, None
            former = self._opened(row)
            servers = select(ServerRow.id).where(ServerRow.panel_id == panel_id).scalar_subquery()
            await delete_relays(session, RelayRow.server_id.in_(servers))
            await session.execute(
                delete(GrantRow).where(GrantRow.server_id.in_(servers) | (GrantRow.panel_id == panel_id))
            )
            await session.execute(delete(ServerRow).where(ServerRow.panel_id == panel_id))
            await session.execute(delete(PanelRow).where(PanelRow.id == panel_id))
            return True, former

    async def secret_keys_fit(self) -> bool:
        """Whether a stored key proves that the secret keys are the right ones; False where no key is stored.

        Raises:
            StartupError: they are not.
        """
        query = select(PanelRow.key_encrypted).where(PanelRow.key_encrypted.is_not(None)).limit(1)
        async with self._database.reading() as session:
            encrypted = await session.scalar(query)
        if encrypted is not None:
            self._vault.decrypt(encrypted)
        return encrypted is not None

    async def rotate_keys(self) -> int:
        """Encrypt with the newest secret key what an older one encrypted, and return how many keys that were.

        Raises:
            StartupError: a stored key was encrypted with none of the secret keys.
        """
        renewed = 0
        async with self._database.writing() as session:
            for row in await session.scalars(select(PanelRow)):
                encrypted = None if row.key_encrypted is None else self._vault.renew(row.key_encrypted)
                if encrypted is not None:
                    row.key_encrypted = encrypted
                    renewed += 1
        return renewed

    def _opened(self, row: PanelRow) -> PanelKey | None:
        if row.key_encrypted is None:
            return None
        return PanelKey(url=row.url, kind=PanelKind(row.kind), key=self._vault.decrypt(row.key_encrypted))


def panel_value(row: PanelRow) -> Panel:
    """Return what the database hands out for a row."""
    return Panel(
        id=row.id,
        guild_id=row.guild_id,
        url=row.url,
        kind=PanelKind(row.kind),
        label=row.label,
        has_key=row.key_encrypted is not None,
    )
