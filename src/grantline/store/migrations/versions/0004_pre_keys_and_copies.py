"""What rotating master keys and recognising copies of a database need."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds wrapped keys, and where the only copy of this database is."""
    for table, name in (("vault_key", "wrapped"), ("instance", "place"), ("instance", "name")):
        op.add_column(table, sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("instance", sa.Column("restored_from", sa.BigInteger))
