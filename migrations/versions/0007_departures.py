"""Guilds that the bot left are kept for a grace, without their keys; which guilds it was a member of is known."""

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    with op.batch_alter_table("guilds", recreate=_recreate()) as guilds:
        guilds.add_column(sa.Column("member", sa.Boolean(), server_default=sa.false(), nullable=False))
    _keys(nullable=True)
    op.create_table(
        "departures",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("keys_deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_departures")),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guilds.id"], name=op.f("fk_departures_guild_id_guilds"), ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("departures")
    # The older program knows no panel without a key: such a panel goes, with what hangs on it.
    panels = sa.table("panels", sa.column("id"), sa.column("key_encrypted"))
    servers = sa.table("servers", sa.column("id"), sa.column("panel_id"))
    grants = sa.table("grants", sa.column("server_id"), sa.column("panel_id"))
    relays = sa.table("relays", sa.column("server_id"))
    keyless = sa.select(panels.c.id).where(panels.c.key_encrypted.is_(None)).scalar_subquery()
    theirs = sa.select(servers.c.id).where(servers.c.panel_id.in_(keyless)).scalar_subquery()
    op.execute(sa.delete(relays).where(relays.c.server_id.in_(theirs)))
    op.execute(sa.delete(grants).where(grants.c.server_id.in_(theirs) | grants.c.panel_id.in_(keyless)))
    op.execute(sa.delete(servers).where(servers.c.panel_id.in_(keyless)))
    op.execute(sa.delete(panels).where(panels.c.key_encrypted.is_(None)))
    _keys(nullable=False)
    with op.batch_alter_table("guilds", recreate=_recreate()) as guilds:
        guilds.drop_column("member")


def _keys(*, nullable: bool) -> None:
    """Only SQLite needs the table to be made anew, and would begin to count its ids anew with it."""
    database = op.get_bind()
    if database.dialect.name != "sqlite":
        op.alter_column("panels", "key_encrypted", existing_type=sa.Text(), nullable=nullable)
        return
    counted = database.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'panels'"))
    with op.batch_alter_table("panels", recreate="always", table_kwargs={"sqlite_autoincrement": True}) as panels:
        panels.alter_column("key_encrypted", existing_type=sa.Text(), nullable=nullable)
    if counted is not None:
        database.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'panels'"))
        database.execute(sa.text("INSERT INTO sqlite_sequence VALUES ('panels', :counted)"), {"counted": counted})


def _recreate() -> Literal["always", "never"]:
    """Only SQLite needs tables to be made anew; elsewhere others refer to them, so they cannot be."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"
