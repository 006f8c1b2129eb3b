"""What relays have read and Discord has not taken yet outlives the bot."""

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    op.create_table(
        "relay_waiting",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "first", name=op.f("pk_relay_waiting")),
    )
    with op.batch_alter_table("relay_messages", recreate=_recreate()) as messages:
        messages.add_column(sa.Column("through", sa.BigInteger(), server_default="0", nullable=False))
        messages.add_column(sa.Column("parts", sa.Integer(), server_default="0", nullable=False))
        messages.add_column(sa.Column("after", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("relay_messages", recreate=_recreate()) as messages:
        messages.drop_column("after")
        messages.drop_column("parts")
        messages.drop_column("through")
    op.drop_table("relay_waiting")


def _recreate() -> Literal["always", "never"]:
    """Only SQLite needs tables to be made anew; elsewhere others refer to them, so they cannot be."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"
