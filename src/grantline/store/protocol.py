"""What Grantline asks of a database. SQLite and PostgreSQL pass the same contract tests.

Methods are synchronous and short; ``connections`` runs them in worker threads, so a cancelled
caller never leaves a transaction half done.

Laws, cited by number in ``tests/contracts/test_store.py``:

1. A method is one transaction: all of it is there afterwards, or nothing.
2. A row of another workspace does not exist: the answer is the same as for an unknown id.
3. ``ConnectionNotFound`` and ``AppNotFound`` come for rows that are not there, ``NameTaken`` for a
   second row of one name, ``StoreBusy`` when the database cannot be had, ``ConfigurationError``
   when an operator must act (disk full, read-only, damaged); no driver's exception leaves.
4. An edit carries the version it was made against; a different one raises ``ConnectionChanged``.
5. At most one lease per connection lives at a time, by the database's own clock; every lease has a
   larger number than the one before.
6. ``save_refreshed`` writes only while the generation is the one refreshed and the lease number is
   the holder's; otherwise it writes nothing and says False.
7. ``take_pending`` marks the row used in the same statement that finds it unused: of any number of
   callers one sees ``used_at`` None.
8. A deleted connection stays deleted: no save, lease or state change brings it back.
9. Events are never changed or removed.
10. At most one key is primary, and one becomes primary only in place of the one its caller knew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from grantline.store.records import (
    AppRecord,
    ConnectionRecord,
    Event,
    Health,
    KeyRecord,
    Lease,
    PendingAuthorization,
    RefreshAttempt,
    TokenColumns,
)


class Store(Protocol):
    """State that outlives the process."""

    def now(self) -> datetime:
        """The database's clock."""
        ...

    def close(self) -> None:
        """Ends every connection to the database."""
        ...

    # apps
    def add_app(self, app: AppRecord, event: Event) -> None:
        """Adds an app."""
        ...

    def load_app(self, workspace: str, app_id: str) -> AppRecord:
        """The app of this id."""
        ...

    def find_app(self, workspace: str, name: str) -> AppRecord:
        """The app of this name."""
        ...

    def list_apps(self, workspace: str) -> Sequence[AppRecord]:
        """Every app of the workspace, oldest first."""
        ...

    def update_app(self, app: AppRecord, event: Event, reset: Health | None = None) -> None:
        """Writes ``app`` over version ``app.version - 1`` (law 4).

        With ``reset`` every connection of the app loses its tokens and takes this health, and its
        generation grows by one, in the same transaction: the tokens belong to another server.
        """
        ...

    def delete_app(self, workspace: str, app_id: str, event: Event) -> None:
        """Raises ``AppInUse`` while a connection refers to it."""
        ...

    # connections
    def add_connection(
        self, connection: ConnectionRecord, event: Event, app: AppRecord | None = None
    ) -> None:
        """Adds a connection, and its app with it when given: both or neither."""
        ...

    def load_connection(self, workspace: str, connection_id: str) -> ConnectionRecord:
        """The connection of this id."""
        ...

    def find_connection(self, workspace: str, name: str) -> ConnectionRecord:
        """The connection of this name."""
        ...

    def list_connections(
        self, workspace: str, app_id: str | None = None
    ) -> Sequence[ConnectionRecord]:
        """Every connection of the workspace, or of one app in it, oldest first."""
        ...

    def update_connection(
        self,
        connection: ConnectionRecord,
        event: Event,
        app: AppRecord | None = None,
        reset: Health | None = None,
    ) -> None:
        """Writes what people edit over ``connection.version - 1``.

        That is name, app, flow, scopes, hosts and secrets; health, tokens, generation and lease
        are not touched. ``app``, when given, is updated in the same transaction (law 4 for both).
        With ``reset`` the connection, and with ``app`` every connection of that app, loses its
        tokens as in ``update_app``.
        """
        ...

    def delete_connection(self, workspace: str, connection_id: str, event: Event) -> None:
        """Removes the row, its pending authorizations and its attempts."""
        ...

    def touch(self, connection_id: str, used_at: datetime) -> None:
        """Notes a use; missing rows are ignored, and so is a use before the last one noted."""
        ...

    def label_account(self, connection_id: str, label: str) -> None:
        """Notes whose account at the service this is."""
        ...

    # tokens
    def save_authorized(
        self,
        connection_id: str,
        tokens: TokenColumns,
        health: Health,
        scopes: tuple[str, ...],
        event: Event,
    ) -> int:
        """Replaces the tokens after a consent and gives the new generation."""
        ...

    def save_refreshed(
        self,
        lease: Lease,
        attempt: RefreshAttempt,
        tokens: TokenColumns,
        health: Health,
        event: Event,
    ) -> bool:
        """Law 6: tokens, generation + 1, attempt closed, lease released; or False and nothing.

        The attempt ends as ``saved`` and drops its sealed answer: the tokens hold all of it.
        """
        ...

    def save_health(
        self, connection_id: str, generation: int, health: Health, event: Event | None
    ) -> bool:
        """Writes ``health`` while the generation is still this one; False otherwise."""
        ...

    # lease
    def acquire_lease(
        self, connection_id: str, owner: str, generation: int, span: timedelta
    ) -> Lease | None:
        """A lease, or None while another lives or the generation has moved on (law 5)."""
        ...

    def release_lease(self, lease: Lease) -> None:
        """Ends ``lease`` when it is still the holder's; otherwise nothing."""
        ...

    # attempts
    def begin_attempt(self, attempt: RefreshAttempt) -> None:
        """Notes the intent to spend a refresh token, before the first byte is sent."""
        ...

    def save_answer(self, attempt_id: str, sealed_answer: str) -> None:
        """Keeps the server's answer before anyone judges it; missing rows are ignored."""
        ...

    def close_attempt(self, attempt_id: str, outcome: str, closed_at: datetime) -> None:
        """Notes how an open attempt ended; closed and missing ones stay as they are."""
        ...

    def open_attempts(self, connection_id: str | None = None) -> Sequence[RefreshAttempt]:
        """Attempts without an outcome, oldest first; of one connection or of all."""
        ...

    # pending authorizations
    def add_pending(self, pending: PendingAuthorization, at_most: int) -> None:
        """Adds one; an owner's oldest beyond ``at_most`` are dropped."""
        ...

    def take_pending(self, state_hash: str, now: datetime) -> PendingAuthorization | None:
        """Law 7. The row as it was before; None when the state is unknown."""
        ...

    # events
    def add_event(self, event: Event) -> None:
        """Adds one line to the audit."""
        ...

    def list_events(
        self, workspace: str, subject: str | None = None, limit: int = 100
    ) -> Sequence[Event]:
        """Newest first."""
        ...

    # housekeeping
    def purge(self, before: datetime) -> int:
        """Drops pending authorizations and closed attempts that ended before; gives the count."""
        ...

    def list_keys(self) -> Sequence[KeyRecord]:
        """Every key that sealed something here, oldest first."""
        ...

    def add_key(self, key: KeyRecord, replacing: str | None = None) -> None:
        """Notes a key, new or known; a primary one takes over from the key ``replacing`` (law 10).

        Raises:
            KeyUnavailable: Another key is primary by now; names it, and changes nothing.
        """
        ...

    def instance_id(self) -> str:
        """An id made once when the database was created."""
        ...
