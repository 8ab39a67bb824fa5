"""Scenarios, their runs and steps, and what people are told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Makes the tables."""
    _scenarios()
    _runs()
    _seats()
    _notices()


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


def _runs() -> None:
    op.create_table(
        "scenario_run",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("scenario_id", sa.Text),
        sa.Column("scenario_name", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at_once", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("connection_id", sa.Text),
        sa.Column("parked_generation", sa.Integer, nullable=False),
        sa.Column("wake_at", sa.BigInteger),
        sa.Column("leg", sa.Integer, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("is_cancelling", sa.Boolean, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("error_code", sa.Text, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("error_hint", sa.Text, nullable=False),
        sa.Column("error_path", sa.Text, nullable=False),
        sa.Column("origin_run_id", sa.Text),
        sa.Column("origin_path", sa.Text, nullable=False),
        sa.Column("once", sa.Text, nullable=False),
        sa.Column("sealed_input", sa.Text, nullable=False),
        sa.Column("sealed_response", sa.Text),
        sa.Column("sealed_definition", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scenario_run"),
        sa.UniqueConstraint("workspace", "id", name="uq_scenario_run_workspace_id"),
        sa.CheckConstraint("(worker IS NOT NULL) = (state = 'running')", name="in_hand"),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled'))",
            name="ended_whole",
        ),
    )
    op.create_index("ix_scenario_run_workspace", "scenario_run", ["workspace", "created_at"])
    op.create_index(
        "ix_scenario_run_scenario_id", "scenario_run", ["workspace", "scenario_id", "created_at"]
    )
    op.create_index(
        "ix_scenario_run_unended",
        "scenario_run",
        ["state", "scenario_id", "created_at"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ux_scenario_run_once",
        "scenario_run",
        ["scenario_id", "once"],
        unique=True,
        sqlite_where=sa.text("once <> ''"),
        postgresql_where=sa.text("once <> ''"),
    )
    op.create_index(
        "ix_scenario_run_ended",
        "scenario_run",
        ["scenario_id", "ended_at"],
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_table(
        "run_step",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("module_id", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("retries", sa.Integer, nullable=False),
        sa.Column("input_size", sa.BigInteger, nullable=False),
        sa.Column("output_size", sa.BigInteger, nullable=False),
        sa.Column("connection_id", sa.Text),
        sa.Column("error_code", sa.Text, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("error_hint", sa.Text, nullable=False),
        sa.Column("sealed_input", sa.Text),
        sa.Column("sealed_output", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_run_step"),
        sa.UniqueConstraint("run_id", "path", name="uq_run_step_run_id_path"),
        sa.ForeignKeyConstraint(
            ["workspace", "run_id"],
            ["scenario_run.workspace", "scenario_run.id"],
            name="fk_run_step_workspace_run_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended_whole"),
    )
    op.create_table(
        "run_worker",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run_worker"),
    )


def _seats() -> None:
    op.add_column(
        "connection", sa.Column("at_once", sa.Integer, nullable=False, server_default="0")
    )
    op.create_table(
        "connection_seat",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("connection_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("is_taken", sa.Boolean, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_connection_seat"),
        sa.UniqueConstraint(
            "connection_id", "number", name="uq_connection_seat_connection_id_number"
        ),
        sa.ForeignKeyConstraint(
            ["workspace", "connection_id"],
            ["connection.workspace", "connection.id"],
            name="fk_connection_seat_workspace_connection_id",
            ondelete="CASCADE",
        ),
    )


def _notices() -> None:
    wanting = sa.text("state = 'reauthorization_required'")
    op.create_index(
        "ix_connection_wanting",
        "connection",
        ["id"],
        sqlite_where=wanting,
        postgresql_where=wanting,
    )
    op.create_table(
        "notice_settings",
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("by_mail", sa.Boolean, nullable=False),
        sa.Column("by_webhook", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("sealed_recipients", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("workspace", name="pk_notice_settings"),
    )
    op.create_table(
        "notice_state",
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", "subject_id", name="pk_notice_state"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    op.create_index("ix_notice_due_at", "notice", ["due_at"])
