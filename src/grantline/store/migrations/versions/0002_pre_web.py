"""What the web app keeps: people, sessions, API keys, saved requests, runs, transcripts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Makes the tables, and an index for the list of connections."""
    op.create_index(
        "ix_connection_listing",
        "connection",
        ["workspace", "name", "state", "owner", "app_id", "account_label", "id"],
    )
    _make_people()
    _make_api_keys()
    _make_saved_requests()
    _make_runs()
    _make_transcripts()


def _make_people() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("disabled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_user_account"),
        sa.UniqueConstraint("name", name="uq_user_account_name"),
        sa.UniqueConstraint("workspace", "id", name="uq_user_account_workspace_id"),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_session"),
        sa.ForeignKeyConstraint(
            ["workspace", "user_id"],
            ["user_account.workspace", "user_account.id"],
            name="fk_session_workspace_user_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_session_user_id", "session", ["user_id"])
    op.create_index("ix_session_expires_at", "session", ["expires_at"])


def _make_api_keys() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("key_hash", name="uq_api_key_key_hash"),
        sa.CheckConstraint("scope IN ('use', 'manage')", name=op.f("ck_api_key_scope_known")),
    )
    op.create_index("ix_api_key_workspace", "api_key", ["workspace", "id"])


def _make_saved_requests() -> None:
    op.create_table(
        "saved_request",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("connection_id", sa.Text),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("sealed_spec", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_request"),
        sa.UniqueConstraint("workspace", "name", name="uq_saved_request_workspace_name"),
    )
    op.create_index(
        "ix_saved_request_connection_id", "saved_request", ["workspace", "connection_id"]
    )


def _make_runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.Text),
        sa.Column("connection_id", sa.Text),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error_code", sa.Text, nullable=False),
        sa.Column("duration", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sealed_detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_workspace", "run", ["workspace", "at", "id"])
    op.create_index("ix_run_connection_id", "run", ["workspace", "connection_id", "at", "id"])
    op.create_index("ix_run_request_id", "run", ["workspace", "request_id", "at", "id"])


def _make_transcripts() -> None:
    op.create_table(
        "transcript_line",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("connection_id", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("sealed_exchange", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transcript_line"),
        sa.ForeignKeyConstraint(
            ["workspace", "connection_id"],
            ["connection.workspace", "connection.id"],
            name="fk_transcript_line_workspace_connection_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_transcript_line_connection_id", "transcript_line", ["connection_id", "at", "id"]
    )
