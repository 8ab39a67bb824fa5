"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Adds, when the name says pre_; takes away, when it says post_."""
    ${upgrades if upgrades else "pass"}
