"""The tables of scenarios, their runs and notices: a part of ``tables``, which names them all."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from grantline.store.schema.columns import Instant, Json, Span
from grantline.store.schema.parts import metadata, sealed, when

scenario = Table(
    "scenario",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    # What schedulers and lists need of the trigger: the rest of it is in the definition.
    Column("trigger_kind", Text, nullable=False),
    Column("cron", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("at_once", Integer, nullable=False),
    Column("modules", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # The address of its webhook is a secret: found by digest, sealed so that it can be shown.
    Column("hook_digest", Text, nullable=False, unique=True),
    sealed("sealed_hook", "hook"),
    sealed("sealed_definition", "definition"),
    UniqueConstraint("workspace", "name"),
    UniqueConstraint("workspace", "id"),
)
# Whose turn comes by the clock.
Index(
    "ix_scenario_scheduled",
    scenario.c.id,
    **when("is_active AND trigger_kind = 'schedule'"),
)

scenario_use = Table(
    "scenario_use",
    metadata,
    Column("scenario_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("used_id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    ForeignKeyConstraint(
        ["workspace", "scenario_id"],
        ["scenario.workspace", "scenario.id"],
        ondelete="CASCADE",
    ),
)
Index(
    "ix_scenario_use_used_id", scenario_use.c.workspace, scenario_use.c.kind, scenario_use.c.used_id
)

scenario_run = Table(
    "scenario_run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    # Runs outlive their scenario.
    Column("scenario_id", Text),
    Column("scenario_name", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at_once", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("connection_id", Text),
    Column("parked_generation", Integer, nullable=False),
    Column("wake_at", Instant),
    Column("leg", Integer, nullable=False),
    Column("worker", Text),
    Column("is_cancelling", Boolean, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("spent", Span, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("error_code", Text, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("error_hint", Text, nullable=False),
    Column("error_path", Text, nullable=False),
    Column("origin_run_id", Text),
    Column("origin_path", Text, nullable=False),
    Column("once", Text, nullable=False),
    # Last, because they are large.
    sealed("sealed_input", "input"),
    sealed("sealed_response", "response", nullable=True),
    sealed("sealed_definition", "definition"),
    UniqueConstraint("workspace", "id"),
    CheckConstraint("(worker IS NOT NULL) = (state = 'running')", name="in_hand"),
    CheckConstraint(
        "(ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled'))",
        name="ended_whole",
    ),
)
Index("ix_scenario_run_workspace", scenario_run.c.workspace, scenario_run.c.created_at)
Index(
    "ix_scenario_run_scenario_id",
    scenario_run.c.workspace,
    scenario_run.c.scenario_id,
    scenario_run.c.created_at,
)
# What workers ask for again and again: the few that have not ended.
Index(
    "ix_scenario_run_unended",
    scenario_run.c.state,
    scenario_run.c.scenario_id,
    scenario_run.c.created_at,
    **when("ended_at IS NULL"),
)

# Once for each instant of a schedule, and for each delivery of a webhook.
Index(
    "ux_scenario_run_once",
    scenario_run.c.scenario_id,
    scenario_run.c.once,
    unique=True,
    **when("once <> ''"),
)
# How the latest run of a scenario ended: what people are told by.
Index(
    "ix_scenario_run_ended",
    scenario_run.c.scenario_id,
    scenario_run.c.ended_at,
    **when("ended_at IS NOT NULL"),
)

run_step = Table(
    "run_step",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("module_id", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("input_size", BigInteger, nullable=False),
    Column("output_size", BigInteger, nullable=False),
    Column("connection_id", Text),
    Column("error_code", Text, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("error_hint", Text, nullable=False),
    sealed("sealed_input", "input", nullable=True),
    sealed("sealed_output", "output", nullable=True),
    UniqueConstraint("run_id", "path"),
    ForeignKeyConstraint(
        ["workspace", "run_id"],
        ["scenario_run.workspace", "scenario_run.id"],
        ondelete="CASCADE",
    ),
    CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended_whole"),
)

# Processes that go on with runs, as those on other machines see them.
run_worker = Table(
    "run_worker",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seen_at", Instant, nullable=False),
)

# Who is told, in which workspace. What is sealed holds addresses and a secret.
notice_settings = Table(
    "notice_settings",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("by_mail", Boolean, nullable=False),
    Column("by_webhook", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    sealed("sealed_recipients", "recipients"),
)

# What people were told is not well, and were not yet told is well again.
notice_state = Table(
    "notice_state",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("subject_id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

# What is still to be told. A row goes when it was sent, or given up.
notice = Table(
    "notice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("content", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
)
Index("ix_notice_due_at", notice.c.due_at)
