"""Scenarios, their runs and steps, and what people are told of them."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Makes the tables."""
