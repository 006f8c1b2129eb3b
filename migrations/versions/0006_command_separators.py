"""What is known of how a game takes commands apart: by the word of an admin, and of the panel's egg."""

from collections.abc import Generator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision: str = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    with _rebuilt() as servers:
        servers.add_column(sa.Column("separators", sa.Text(), server_default="checked", nullable=False))
        servers.add_column(sa.Column("is_minecraft", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with _rebuilt() as servers:
        servers.drop_column("is_minecraft")
        servers.drop_column("separators")


@contextmanager
def _rebuilt() -> Generator[BatchOperations]:
    """Only SQLite needs the table to be made anew, and would begin to count its ids anew with it."""
    database = op.get_bind()
    if database.dialect.name != "sqlite":
        with op.batch_alter_table("servers", recreate="never") as servers:
            yield servers
        return
    counted = database.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'servers'"))
    with op.batch_alter_table("servers", recreate="always", table_kwargs={"sqlite_autoincrement": True}) as servers:
        yield servers
    if counted is not None:
        database.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'servers'"))
        database.execute(sa.text("INSERT INTO sqlite_sequence VALUES ('servers', :counted)"), {"counted": counted})
