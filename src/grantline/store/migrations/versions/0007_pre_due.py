"""When a connection is renewed in the background, and since when it has been failing."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds the instants; what is authorized already is due as its access token ends."""
    op.add_column("connection", sa.Column("due_at", sa.BigInteger))
    op.add_column("connection", sa.Column("failing_since", sa.BigInteger))
    # Five minutes ahead, the longest margin there is; a renewal puts the connection's own.
    op.execute(
        "UPDATE connection SET due_at = expires_at - 300000000 "
        "WHERE has_refresh_token AND expires_at IS NOT NULL "
        "AND state IN ('authorized', 'expiring', 'failing')"
    )
    op.create_index(
        "ix_connection_due_at",
        "connection",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    # Nobody asks what expires next: what is due says it.
    op.drop_index("ix_connection_expires_at", "connection")
