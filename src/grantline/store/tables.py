"""The schema. ``migrations`` builds the same one, and a test compares the two.

Workspaces are kept apart by the database itself: what refers to an app or a connection refers to
the pair of workspace and id, so no row can point into another workspace. Saved requests, scenarios
and runs only name connections and credentials, because they outlive them; a name is looked up
within their workspace.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from grantline.store.columns import Instant, Json, Span, Words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


BOUND_TO: Final = "bound_to"


def _when(condition: str) -> dict[str, Any]:
    """The options of an index over the rows that meet ``condition`` only."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _sealed(name: str, bound_to: str, *, nullable: bool = False) -> Column[str]:
    """A column of sealed values, which are bound to their row and to the word ``bound_to``."""
    return Column(name, Text, nullable=nullable, info={BOUND_TO: bound_to})


instance = Table(
    "instance",
    metadata,
    Column("id", Text, primary_key=True),
    # The oldest schema whose code can still use this database: see migrations/__init__.py.
    Column("usable_from", Integer, nullable=False),
    # Where this database was when it was last known to be the only copy of itself.
    Column("place", Text, nullable=False, server_default=""),
    Column("name", Text, nullable=False, server_default=""),
    # When the backup was made from which it was restored; empty once it is the only copy.
    Column("restored_from", Instant),
)

vault_key = Table(
    "vault_key",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("check_value", Text, key="check", nullable=False),
    Column("is_primary", Boolean, key="primary", nullable=False),
    Column("created_at", Instant, nullable=False),
    # The key itself, as a key management service wrapped it; empty for a key kept elsewhere.
    Column("wrapped", Text, nullable=False, server_default=""),
)
Index("ux_vault_key_primary", vault_key.c.primary, unique=True, **_when("is_primary"))

app = Table(
    "app",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("settings", Json, nullable=False),
    _sealed("sealed_secrets", "secrets", nullable=True),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("workspace", "name"),
    UniqueConstraint("workspace", "id"),
)

connection = Table(
    "connection",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("flow", Text, nullable=False),
    Column("scopes", Words, nullable=False),
    Column("hosts", Words, nullable=False),
    _sealed("sealed_secrets", "secrets", nullable=True),
    # health
    Column("state", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("retry_at", Instant),
    Column("dead_grant_at", Instant),
    Column("failing_since", Instant),
    # tokens
    _sealed("sealed_tokens", "tokens", nullable=True),
    Column("expires_at", Instant),
    Column("refresh_expires_at", Instant),
    Column("has_refresh_token", Boolean, nullable=False),
    Column("granted_scopes", Words),
    _sealed("sealed_previous", "tokens", nullable=True),
    Column("previous_until", Instant),
    Column("due_at", Instant),
    Column("generation", Integer, nullable=False),
    # lease
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("lease_number", Integer, nullable=False),
    # the row itself
    Column("version", Integer, nullable=False),
    Column("account_label", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("authorized_at", Instant),
    Column("last_used_at", Instant),
    Column("inputs", Json, nullable=False, server_default="{}"),
    Column("captured", Json, nullable=False, server_default="{}"),
    Column("account_id", Text, nullable=False, server_default=""),
    # How many modules of scenarios may use it at the same time; 0 for any number.
    Column("at_once", Integer, nullable=False, server_default="0"),
    UniqueConstraint("workspace", "name"),
    UniqueConstraint("workspace", "id"),
    ForeignKeyConstraint(["workspace", "app_id"], ["app.workspace", "app.id"]),
    CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease_whole"),
    CheckConstraint("sealed_tokens IS NOT NULL OR NOT has_refresh_token", name="tokens_whole"),
)
Index("ix_connection_app_id", connection.c.app_id)
# All that a list sorts, filters and counts by, so that it need not read the wide rows.
Index(
    "ix_connection_listing",
    connection.c.workspace,
    connection.c.name,
    connection.c.state,
    connection.c.owner,
    connection.c.app_id,
    connection.c.account_label,
    connection.c.id,
)
# What a background refresher asks for: whose turn has come.
Index("ix_connection_due_at", connection.c.due_at, **_when("due_at IS NOT NULL"))

pending_authorization = Table(
    "pending_authorization",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("binding_hash", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("context", Text, nullable=False),
    _sealed("sealed_verifier", "consent"),
    Column("scopes", Words, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    ForeignKeyConstraint(
        ["workspace", "connection_id"],
        ["connection.workspace", "connection.id"],
        ondelete="CASCADE",
    ),
)
Index("ix_pending_authorization_connection_id", pending_authorization.c.connection_id)
Index("ix_pending_authorization_expires_at", pending_authorization.c.expires_at)
Index(
    "ix_pending_authorization_owner",
    pending_authorization.c.workspace,
    pending_authorization.c.owner,
    pending_authorization.c.created_at,
)

# Who uses a connection that has a limit, and who waits to: the one with the lowest number is next.
seat = Table(
    "connection_seat",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("is_taken", Boolean, nullable=False),
    Column("until", Instant, nullable=False),
    UniqueConstraint("connection_id", "number"),
    ForeignKeyConstraint(
        ["workspace", "connection_id"],
        ["connection.workspace", "connection.id"],
        ondelete="CASCADE",
    ),
)

refresh_attempt = Table(
    "refresh_attempt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("token_hash", Text, nullable=False),
    Column("lease_number", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("deadline", Instant, nullable=False),
    _sealed("sealed_answer", "answer", nullable=True),
    Column("outcome", Text, nullable=False),
    Column("closed_at", Instant),
    ForeignKeyConstraint(
        ["workspace", "connection_id"],
        ["connection.workspace", "connection.id"],
        ondelete="CASCADE",
    ),
    CheckConstraint("(outcome = '') = (closed_at IS NULL)", name="closed_whole"),
)
Index("ix_refresh_attempt_connection_id", refresh_attempt.c.connection_id)
Index("ix_refresh_attempt_open", refresh_attempt.c.started_at, **_when("outcome = ''"))

event = Table(
    "event",
    metadata,
    # The order of arrival: two events of one microsecond still have a first and a second.
    Column(
        "number",
        BigInteger().with_variant(Integer(), "sqlite"),
        Identity(always=True),
        primary_key=True,
    ),
    Column("id", Text, nullable=False, unique=True),
    Column("workspace", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", Json, nullable=False),
    # SQLite: a number is never given twice, even after a purge.
    sqlite_autoincrement=True,
)
Index("ix_event_subject", event.c.workspace, event.c.subject, event.c.number)
Index("ix_event_workspace", event.c.workspace, event.c.number)

# Not "user", a word that PostgreSQL keeps for itself.
user = Table(
    "user_account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    UniqueConstraint("name"),
    UniqueConstraint("workspace", "id"),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["workspace", "user_id"],
        ["user_account.workspace", "user_account.id"],
        ondelete="CASCADE",
    ),
)
Index("ix_session_user_id", session.c.user_id)
Index("ix_session_expires_at", session.c.expires_at)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("scope", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Column("beginning", Text, nullable=False, server_default=""),
    CheckConstraint("scope IN ('use', 'manage')", name="scope_known"),
)
Index("ix_api_key_workspace", api_key.c.workspace, api_key.c.id)

credential = Table(
    "credential",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("details", Json, nullable=False),
    Column("hosts", Words, nullable=False),
    _sealed("sealed_secrets", "secrets"),
    Column("expires_at", Instant),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    UniqueConstraint("workspace", "name"),
)

saved_request = Table(
    "saved_request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("connection_id", Text),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    _sealed("sealed_spec", "spec"),
    Column("credential_id", Text),
    Column("certificate_id", Text),
    Column("authority_id", Text),
    Column("proxy_id", Text),
    UniqueConstraint("workspace", "name"),
)
for _name in ("connection_id", "credential_id", "certificate_id", "authority_id", "proxy_id"):
    Index(f"ix_saved_request_{_name}", saved_request.c.workspace, saved_request.c[_name])

run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("request_id", Text),
    Column("connection_id", Text),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("status", Integer),
    Column("error_code", Text, nullable=False),
    Column("duration", Span, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    # Last, because it is large: SQLite reads a row no further than the columns asked for.
    _sealed("sealed_detail", "detail"),
)
Index("ix_run_workspace", run.c.workspace, run.c.at, run.c.id)
Index("ix_run_connection_id", run.c.workspace, run.c.connection_id, run.c.at, run.c.id)
# With the id last, the latest run is read off; without it SQLite goes through every run instead.
Index("ix_run_request_id", run.c.workspace, run.c.request_id, run.c.at, run.c.id)

transcript_line = Table(
    "transcript_line",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("step", Text, nullable=False),
    _sealed("sealed_exchange", "exchange"),
    ForeignKeyConstraint(
        ["workspace", "connection_id"],
        ["connection.workspace", "connection.id"],
        ondelete="CASCADE",
    ),
)
Index(
    "ix_transcript_line_connection_id",
    transcript_line.c.connection_id,
    transcript_line.c.at,
    transcript_line.c.id,
)

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
    _sealed("sealed_hook", "hook"),
    _sealed("sealed_definition", "definition"),
    UniqueConstraint("workspace", "name"),
    UniqueConstraint("workspace", "id"),
)
# Whose turn comes by the clock.
Index(
    "ix_scenario_scheduled",
    scenario.c.id,
    **_when("is_active AND trigger_kind = 'schedule'"),
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
    # Last, because they are large.
    _sealed("sealed_input", "input"),
    _sealed("sealed_response", "response", nullable=True),
    _sealed("sealed_definition", "definition"),
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
    **_when("ended_at IS NULL"),
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
    _sealed("sealed_input", "input", nullable=True),
    _sealed("sealed_output", "output", nullable=True),
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
