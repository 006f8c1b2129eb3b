"""What relays have delivered, and the message on its way: so that nothing is lost or said twice over a restart."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    op.create_table(
        "relay_tails",
        sa.Column("relay_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("relay_id", name="pk_relay_tails"),
        sa.ForeignKeyConstraint(["relay_id"], ["relays.id"], name="fk_relay_tails_relay_id_relays", ondelete="CASCADE"),
    )
    op.create_table(
        "relay_messages",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("attachment", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tails", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_relay_messages"),
    )


def downgrade() -> None:
    for table in ("relay_messages", "relay_tails"):
        op.drop_table(table)
