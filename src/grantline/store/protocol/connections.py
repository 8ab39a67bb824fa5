"""What keeping connections asks of a database: a part of ``Store``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from grantline.store.records.audit import Event
from grantline.store.records.connections import (
    Account,
    AppRecord,
    ConnectionRecord,
    Glance,
    Health,
    ListedConnection,
    PendingAuthorization,
)
from grantline.store.records.page import Page


class ConnectionStore(Protocol):
    """Apps, their connections, and consents that were begun."""

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

    def page_apps(
        self, workspace: str, *, query: str = "", offset: int = 0, limit: int = 50
    ) -> Page[AppRecord]:
        """Apps by name; ``query`` is in the name or the provider, whatever the case."""
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

    def page_connections(
        self,
        workspace: str,
        *,
        query: str = "",
        owner: str | None = None,
        states: Collection[str] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ListedConnection]:
        """Connections by name, those that fit every filter given, with their apps.

        Args:
            workspace: Whose.
            query: In the name, the account, the app's name or its provider, whatever the case.
            owner: Only this person's.
            states: Only those in one of these states.
            offset: How many rows to pass over.
            limit: How many rows to give.
        """
        ...

    def connection_names(self, workspace: str, connection_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these connections that there are, by id."""
        ...

    def glance(self, workspace: str, connection_id: str) -> Glance:
        """What changes about a connection, cheap enough to be asked every second."""
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

    def save_account(self, connection_id: str, account: Account) -> None:
        """Notes whose account at the service this is, and what its answer said besides."""
        ...

    # pending authorizations
    def add_pending(self, pending: PendingAuthorization, at_most: int) -> None:
        """Adds one; an owner's oldest beyond ``at_most`` are dropped."""
        ...

    def take_pending(self, state_hash: str, now: datetime) -> PendingAuthorization | None:
        """Law 7. The row as it was before; None when the state is unknown."""
        ...

    def find_pending(self, state_hash: str) -> PendingAuthorization | None:
        """The same row, left as it is."""
        ...

    def list_pending(
        self, workspace: str, owner: str, now: datetime
    ) -> Sequence[PendingAuthorization]:
        """The consents of one person that can still be answered, newest first."""
        ...
