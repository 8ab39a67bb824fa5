"""The schema. ``migrations`` builds the same one, and a test compares the two.

Workspaces are kept apart by the database itself: what refers to an app or a connection refers to
the pair of workspace and id, so no row can point into another workspace. Saved requests, scenarios
and runs only name connections and credentials, because they outlive them; a name is looked up
within their workspace.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from grantline.store.schema.columns import Instant, Json, Span, Words
from grantline.store.schema.parts import BOUND_TO, metadata, sealed, when
from grantline.store.schema.scenario_tables import (
    notice,
    notice_settings,
    notice_state,
    run_step,
    run_worker,
    scenario,
    scenario_run,
    scenario_use,
)

__all__ = [
    "BOUND_TO",
    "api_key",
    "app",
    "connection",
    "credential",
    "event",
    "instance",
    "metadata",
    "notice",
    "notice_settings",
    "notice_state",
    "pending_authorization",
    "refresh_attempt",
    "run",
    "run_step",
    "run_worker",
    "saved_request",
    "scenario",
    "scenario_run",
    "scenario_use",
    "seat",
    "session",
    "transcript_line",
    "user",
    "vault_key",
]

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
Index("ux_vault_key_primary", vault_key.c.primary, unique=True, **when("is_primary"))

app = Table(
    "app",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("settings", Json, nullable=False),
    sealed("sealed_secrets", "secrets", nullable=True),
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
    sealed("sealed_secrets", "secrets", nullable=True),
    # health
    Column("state", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("retry_at", Instant),
    Column("dead_grant_at", Instant),
    Column("failing_since", Instant),
    # tokens
    sealed("sealed_tokens", "tokens", nullable=True),
    Column("expires_at", Instant),
    Column("refresh_expires_at", Instant),
    Column("has_refresh_token", Boolean, nullable=False),
    Column("granted_scopes", Words),
    sealed("sealed_previous", "tokens", nullable=True),
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
Index("ix_connection_due_at", connection.c.due_at, **when("due_at IS NOT NULL"))

# Whose person is wanted: few, and looked for every few seconds.
Index(
    "ix_connection_wanting",
    connection.c.id,
    **when("state = 'reauthorization_required'"),
)

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
    sealed("sealed_verifier", "consent"),
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
    sealed("sealed_answer", "answer", nullable=True),
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
Index("ix_refresh_attempt_open", refresh_attempt.c.started_at, **when("outcome = ''"))

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
    sealed("sealed_secrets", "secrets"),
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
    sealed("sealed_spec", "spec"),
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
    sealed("sealed_detail", "detail"),
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
    sealed("sealed_exchange", "exchange"),
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
