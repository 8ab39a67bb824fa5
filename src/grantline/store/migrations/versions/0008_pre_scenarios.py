"""Scenarios, their runs and steps, and what people are told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Makes the tables."""
    _scenarios()


def _scenarios() -> None:
    op.create_table(
        "scenario",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("trigger_kind", sa.Text, nullable=False),
        sa.Column("cron", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("at_once", sa.Integer, nullable=False),
        sa.Column("modules", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("hook_digest", sa.Text, nullable=False),
        sa.Column("sealed_hook", sa.Text, nullable=False),
        sa.Column("sealed_definition", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scenario"),
        sa.UniqueConstraint("workspace", "name", name="uq_scenario_workspace_name"),
        sa.UniqueConstraint("workspace", "id", name="uq_scenario_workspace_id"),
        sa.UniqueConstraint("hook_digest", name="uq_scenario_hook_digest"),
    )
    scheduled = sa.text("is_active AND trigger_kind = 'schedule'")
    op.create_index(
        "ix_scenario_scheduled",
        "scenario",
        ["id"],
        sqlite_where=scheduled,
        postgresql_where=scheduled,
    )
    op.create_table(
        "scenario_use",
        sa.Column("scenario_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("used_id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("scenario_id", "kind", "used_id", name="pk_scenario_use"),
        sa.ForeignKeyConstraint(
            ["workspace", "scenario_id"],
            ["scenario.workspace", "scenario.id"],
            name="fk_scenario_use_workspace_scenario_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_scenario_use_used_id", "scenario_use", ["workspace", "kind", "used_id"])
