"""A removed relay, grant, server or panel leaves its id behind for good: SQLite would give it to the next one."""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"

_TABLES = ("panels", "servers", "grants", "relays")


def upgrade() -> None:
    _rebuild(autoincrement=True)


def downgrade() -> None:
    _rebuild(autoincrement=False)


def _rebuild(*, autoincrement: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return  # others count on anyway
    for table in _TABLES:
        with op.batch_alter_table(
            table, recreate="always", table_kwargs={"sqlite_autoincrement": autoincrement}
        ) as rebuilt:
            rebuilt.alter_column("id", existing_type=sa.Integer(), autoincrement=autoincrement)
