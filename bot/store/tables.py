"""The tables. Whatever changes here needs a migration beside it; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, ForeignKey, MetaData, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.store.types import PlainText, UtcDateTime, Words

_NEVER_AGAIN = {"sqlite_autoincrement": True}
"""Ids of removed rows are not given to new ones: a menu or a running relay may still mean the old one."""


def _now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """What all tables share: names for constraints, without which SQLite's batch migrations cannot drop one."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: PlainText(), datetime: UtcDateTime()}  # noqa: RUF012  declared so by SQLAlchemy's base


class GuildRow(Base):
    """A guild that the bot is in, or was asked to do something in."""

    __tablename__ = "guilds"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(default=_now)
    member: Mapped[bool] = mapped_column(server_default=false())
    """Whether Discord has shown the guild as one that the bot is in. Others may have its commands without it."""


class DepartureRow(Base):
    """A guild that Discord does not show to the bot any more (see `values.Departure`)."""

    __tablename__ = "departures"

    guild_id: Mapped[int] = mapped_column(
        ForeignKey("guilds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    since: Mapped[datetime]
    told_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    days: Mapped[int]
    keys_deleted: Mapped[bool]


class PanelRow(Base):
    """A connected panel; the key only ever encrypted."""

    __tablename__ = "panels"
    __table_args__ = (UniqueConstraint("guild_id", "label_folded"), _NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id", ondelete="CASCADE"))
    url: Mapped[str]
    kind: Mapped[str]
    label: Mapped[str]
    label_folded: Mapped[str]
    key_encrypted: Mapped[str | None]
    """None once it was deleted because the bot was removed from the guild."""
    created_at: Mapped[datetime] = mapped_column(default=_now)


class ServerRow(Base):
    """A linked server."""

    __tablename__ = "servers"
    __table_args__ = (UniqueConstraint("guild_id", "name_folded"), UniqueConstraint("guild_id", "uuid"), _NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id", ondelete="CASCADE"))
    panel_id: Mapped[int] = mapped_column(ForeignKey("panels.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    name_folded: Mapped[str]
    identifier: Mapped[str]
    uuid: Mapped[str]
    say_template: Mapped[str]
    separators: Mapped[str] = mapped_column(server_default="checked")
    is_minecraft: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=_now)


class GrantRow(Base):
    """What a role may do; `server_id` empty means every server, `panel_id` names another key to act with."""

    __tablename__ = "grants"
    __table_args__ = _NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id", ondelete="CASCADE"), index=True)
    role_id: Mapped[int] = mapped_column(BigInteger)
    actions: Mapped[tuple[str, ...]] = mapped_column(Words)
    server_id: Mapped[int | None] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"), index=True)
    # Cascades too: with its key gone, a grant must not silently fall back to the key the server was linked with.
    panel_id: Mapped[int | None] = mapped_column(ForeignKey("panels.id", ondelete="CASCADE"), index=True)
    commands: Mapped[tuple[str, ...]] = mapped_column(Words)
    created_at: Mapped[datetime] = mapped_column(default=_now)


class RelayRow(Base):
    """A server's console into a channel."""

    __tablename__ = "relays"
    __table_args__ = (UniqueConstraint("server_id", "channel_id"), _NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id", ondelete="CASCADE"), index=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(BigInteger, index=True)
    style: Mapped[str]
    include: Mapped[str | None]
    exclude: Mapped[str | None]
    redact: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=_now)
    collapse: Mapped[bool] = mapped_column(server_default=false())
    # All three or none: kept until the end of the pause has been told.
    paused_since: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    paused_skipped: Mapped[int | None]


class RelayTailRow(Base):
    """The end of what a relay has delivered; no row before its console was reached for the first time."""

    __tablename__ = "relay_tails"

    relay_id: Mapped[int] = mapped_column(
        ForeignKey("relays.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    marks: Mapped[bytes]
    at: Mapped[datetime | None]
    offline: Mapped[bool]


class RelayMessageRow(Base):
    """The message that is on its way to a channel, written down before it is sent; gone once that is settled."""

    __tablename__ = "relay_messages"

    channel_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    nonce: Mapped[str]
    content: Mapped[str]
    filename: Mapped[str | None]
    attachment: Mapped[bytes | None]
    made_at: Mapped[datetime]
    tails: Mapped[str]
    """The relays' tails once it is delivered: `{"relay id": ["marks in base64", "time", offline]}`."""
    through: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The number of the last of the channel's waiting items that is done with once it is delivered."""
    parts: Mapped[int] = mapped_column(server_default="0")
    """How many parts of the item behind that are delivered then."""
    after: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The id of the bot's newest message in the channel before."""


class RelayWaitingRow(Base):
    """Some of what waits for a channel, because Discord takes no more just now; gone once a message carried it."""

    __tablename__ = "relay_waiting"

    channel_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """The number of the first item."""
    last: Mapped[int] = mapped_column(BigInteger)
    done: Mapped[int] = mapped_column(BigInteger)
    """The number of the last item that was delivered."""
    parts: Mapped[int]
    """How many parts of the item behind that were delivered."""
    sealed: Mapped[bytes]
    """The items, packed and encrypted: console lines hold secrets."""


class StateRow(Base):
    """A small fact that the program keeps for itself, such as the hash of the last synced command tree."""

    __tablename__ = "state"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
