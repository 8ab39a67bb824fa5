"""The first schema: apps, connections, consents and renewals under way, events, keys."""

import os
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes every table, and names the database."""
    _make_instance_and_keys()
    _make_apps()
    _make_connections()
    _make_consents()
    _make_attempts()
    _make_events()


def _make_instance_and_keys() -> None:
    instance = op.create_table(
        "instance",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("usable_from", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instance"),
    )
    op.bulk_insert(instance, [{"id": f"ins_{os.urandom(16).hex()}", "usable_from": 1}])
    op.create_table(
        "vault_key",
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("check_value", sa.Text, nullable=False),
        sa.Column("is_primary", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_vault_key"),
    )
    op.create_index(
        "ux_vault_key_primary", "vault_key", ["is_primary"], unique=True, **_when("is_primary")
    )


def _make_apps() -> None:
    op.create_table(
        "app",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("sealed_secrets", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_app"),
        sa.UniqueConstraint("workspace", "name", name="uq_app_workspace_name"),
        sa.UniqueConstraint("workspace", "id", name="uq_app_workspace_id"),
    )


def _make_connections() -> None:
    op.create_table(
        "connection",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("app_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("hosts", sa.Text, nullable=False),
        sa.Column("sealed_secrets", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("explanation", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("retry_at", sa.BigInteger),
        sa.Column("dead_grant_at", sa.BigInteger),
        sa.Column("sealed_tokens", sa.Text),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("refresh_expires_at", sa.BigInteger),
        sa.Column("has_refresh_token", sa.Boolean, nullable=False),
        sa.Column("granted_scopes", sa.Text),
        sa.Column("sealed_previous", sa.Text),
        sa.Column("previous_until", sa.BigInteger),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("lease_number", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("account_label", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("authorized_at", sa.BigInteger),
        sa.Column("last_used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_connection"),
        sa.UniqueConstraint("workspace", "name", name="uq_connection_workspace_name"),
        sa.UniqueConstraint("workspace", "id", name="uq_connection_workspace_id"),
        sa.ForeignKeyConstraint(
            ["workspace", "app_id"],
            ["app.workspace", "app.id"],
            name="fk_connection_workspace_app_id",
        ),
        sa.CheckConstraint(
            "(lease_owner IS NULL) = (lease_until IS NULL)", name=op.f("ck_connection_lease_whole")
        ),
        sa.CheckConstraint(
            "sealed_tokens IS NOT NULL OR NOT has_refresh_token",
            name=op.f("ck_connection_tokens_whole"),
        ),
    )
    op.create_index("ix_connection_app_id", "connection", ["app_id"])
    op.create_index(
        "ix_connection_expires_at",
        "connection",
        ["expires_at"],
        **_when("has_refresh_token AND expires_at IS NOT NULL"),
    )


def _make_consents() -> None:
    op.create_table(
        "pending_authorization",
        sa.Column("state_hash", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("connection_id", sa.Text, nullable=False),
        sa.Column("binding_hash", sa.Text, nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("sealed_verifier", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("state_hash", name="pk_pending_authorization"),
        _of_connection("pending_authorization"),
    )
    table = "pending_authorization"
    op.create_index(f"ix_{table}_connection_id", table, ["connection_id"])
    op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])
    op.create_index(f"ix_{table}_owner", table, ["workspace", "owner", "created_at"])


def _make_attempts() -> None:
    op.create_table(
        "refresh_attempt",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("connection_id", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("lease_number", sa.Integer, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("deadline", sa.BigInteger, nullable=False),
        sa.Column("sealed_answer", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_attempt"),
        _of_connection("refresh_attempt"),
        sa.CheckConstraint(
            "(outcome = '') = (closed_at IS NULL)", name=op.f("ck_refresh_attempt_closed_whole")
        ),
    )
    op.create_index("ix_refresh_attempt_connection_id", "refresh_attempt", ["connection_id"])
    op.create_index(
        "ix_refresh_attempt_open", "refresh_attempt", ["started_at"], **_when("outcome = ''")
    )


def _make_events() -> None:
    op.create_table(
        "event",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_event"),
        sa.UniqueConstraint("id", name="uq_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_subject", "event", ["workspace", "subject", "number"])
    op.create_index("ix_event_workspace", "event", ["workspace", "number"])


def _of_connection(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace", "connection_id"],
        ["connection.workspace", "connection.id"],
        name=f"fk_{table}_workspace_connection_id",
        ondelete="CASCADE",
    )


def _when(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
