"""What requests and their history ask of a database: a part of ``Store``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from grantline.store.records.audit import Event
from grantline.store.records.credentials import CredentialRecord
from grantline.store.records.page import Page
from grantline.store.records.requests import RunRecord, SavedRequestRecord


class RequestStore(Protocol):
    """Saved requests, and the history of those that were made."""

    # saved requests
    def add_request(
        self,
        request: SavedRequestRecord,
        event: Event,
        adding: tuple[CredentialRecord, Event] | None = None,
    ) -> None:
        """Adds a saved request, and the credential it was typed with: both or neither."""
        ...

    def load_request(self, workspace: str, request_id: str) -> SavedRequestRecord:
        """The saved request of this id."""
        ...

    def find_request(self, workspace: str, name: str) -> SavedRequestRecord:
        """The saved request of this name."""
        ...

    def page_requests(
        self,
        workspace: str,
        *,
        query: str = "",
        connection_id: str | None = None,
        credential_id: str | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[SavedRequestRecord]:
        """Saved requests by name, those that fit every filter given.

        ``query`` is in the name or the URL, whatever the case; ``credential_id`` is in any place.
        """
        ...

    def update_request(
        self,
        request: SavedRequestRecord,
        event: Event,
        adding: tuple[CredentialRecord, Event] | None = None,
    ) -> None:
        """Writes ``request`` over version ``request.version - 1`` (law 4).

        A credential it was typed with is added in the same transaction.
        """
        ...

    def delete_request(self, workspace: str, request_id: str, event: Event) -> None:
        """Removes a saved request; its runs stay."""
        ...

    # runs
    def add_run(self, run: RunRecord, sealed_detail: str) -> None:
        """Keeps a run and its detail."""
        ...

    def load_run(self, workspace: str, run_id: str) -> tuple[RunRecord, str]:
        """The run of this id, and its sealed detail."""
        ...

    def page_runs(
        self,
        workspace: str,
        *,
        query: str = "",
        connection_id: str | None = None,
        request_id: str | None = None,
        status_class: int | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[RunRecord]:
        """Runs, newest first, those that fit every filter given.

        Args:
            workspace: Whose.
            query: In the URL or the method, whatever the case.
            connection_id: Only those with this connection's token.
            request_id: Only those of this saved request.
            status_class: 2 for 200 to 299 and so on; 0 for those that got no answer.
            offset: How many rows to pass over.
            limit: How many rows to give.
        """
        ...

    def latest_runs(self, workspace: str, request_ids: Collection[str]) -> Sequence[RunRecord]:
        """The latest run of each of these saved requests that has one, in no order."""
        ...

    def delete_run(self, workspace: str, run_id: str) -> None:
        """Removes a run."""
        ...

    def purge_runs(self, workspace: str, *, before: datetime, at_most: int) -> int:
        """Drops runs older than ``before`` and the oldest beyond ``at_most``; gives the count."""
        ...
