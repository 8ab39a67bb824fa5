"""What a connection is asked for, what its service sends back, and whose account it is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds inputs, captured values, and the id of the account."""
    for name, default in (("inputs", "{}"), ("captured", "{}"), ("account_id", "")):
        op.add_column(
            "connection", sa.Column(name, sa.Text, nullable=False, server_default=default)
        )
