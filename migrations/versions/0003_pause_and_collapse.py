"""Relays can be paused, and can count identical lines in a row instead of repeating them."""

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    with op.batch_alter_table("relays", recreate=_recreate()) as relays:
        relays.add_column(sa.Column("collapse", sa.Boolean(), server_default=sa.false(), nullable=False))
        relays.add_column(sa.Column("paused_since", sa.DateTime(timezone=True), nullable=True))
        relays.add_column(sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
        relays.add_column(sa.Column("paused_skipped", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("relays", recreate=_recreate()) as relays:
        for column in ("paused_skipped", "paused_until", "paused_since", "collapse"):
            relays.drop_column(column)


def _recreate() -> Literal["always", "never"]:
    """Only SQLite needs tables to be made anew; elsewhere others refer to them, so they cannot be."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"
