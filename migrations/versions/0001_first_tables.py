"""The first tables: guilds, panels, servers, grants, relays, state."""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    op.create_table(
        "guilds",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_guilds"),
    )
    op.create_table(
        "panels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("label_folded", sa.Text(), nullable=False),
        sa.Column("key_encrypted", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_panels"),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name="fk_panels_guild_id_guilds", ondelete="CASCADE"),
        sa.UniqueConstraint("guild_id", "label_folded", name="uq_panels_guild_id_label_folded"),
    )
    op.create_table(
        "servers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("panel_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("say_template", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name="fk_servers_guild_id_guilds", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["panel_id"], ["panels.id"], name="fk_servers_panel_id_panels", ondelete="CASCADE"),
        sa.UniqueConstraint("guild_id", "name_folded", name="uq_servers_guild_id_name_folded"),
        sa.UniqueConstraint("guild_id", "uuid", name="uq_servers_guild_id_uuid"),
    )
    op.create_index("ix_servers_panel_id", "servers", ["panel_id"])
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=True),
        sa.Column("panel_id", sa.Integer(), nullable=True),
        sa.Column("commands", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name="fk_grants_guild_id_guilds", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name="fk_grants_server_id_servers", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["panel_id"], ["panels.id"], name="fk_grants_panel_id_panels", ondelete="CASCADE"),
    )
    op.create_index("ix_grants_guild_id", "grants", ["guild_id"])
    op.create_index("ix_grants_server_id", "grants", ["server_id"])
    op.create_index("ix_grants_panel_id", "grants", ["panel_id"])
    op.create_table(
        "relays",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("include", sa.Text(), nullable=True),
        sa.Column("exclude", sa.Text(), nullable=True),
        sa.Column("redact", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_relays"),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name="fk_relays_guild_id_guilds", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name="fk_relays_server_id_servers", ondelete="CASCADE"),
        sa.UniqueConstraint("server_id", "channel_id", name="uq_relays_server_id_channel_id"),
    )
    op.create_index("ix_relays_guild_id", "relays", ["guild_id"])
    op.create_index("ix_relays_channel_id", "relays", ["channel_id"])
    op.create_table(
        "state",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_state"),
    )


def downgrade() -> None:
    for table in ("state", "relays", "grants", "servers", "panels", "guilds"):
        op.drop_table(table)
