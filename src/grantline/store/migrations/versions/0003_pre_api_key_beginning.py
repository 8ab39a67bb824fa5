"""The first characters of an API key, so that a list tells keys from each other."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the column; keys that are there already show nothing, for only their hash is kept."""
    op.add_column("api_key", sa.Column("beginning", sa.Text, nullable=False, server_default=""))
