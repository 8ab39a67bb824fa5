"""Credentials: secrets that are no OAuth grant, and what saved requests refer to."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Makes the table, and the columns of saved requests that name its rows."""
    op.create_table(
        "credential",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("hosts", sa.Text, nullable=False),
        sa.Column("sealed_secrets", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_credential"),
        sa.UniqueConstraint("workspace", "name", name="uq_credential_workspace_name"),
    )
    for name in ("credential_id", "certificate_id", "authority_id", "proxy_id"):
        op.add_column("saved_request", sa.Column(name, sa.Text))
        op.create_index(f"ix_saved_request_{name}", "saved_request", ["workspace", name])
