"""What keeping credentials asks of a database: a part of ``Store``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from grantline.store.records.audit import Event
from grantline.store.records.credentials import CredentialRecord, ListedCredential
from grantline.store.records.page import Page


class CredentialStore(Protocol):
    """Credentials."""

    def add_credential(self, credential: CredentialRecord, event: Event) -> None:
        """Adds a credential."""
        ...

    def load_credential(self, workspace: str, credential_id: str) -> CredentialRecord:
        """The credential of this id."""
        ...

    def find_credential(self, workspace: str, name: str) -> CredentialRecord:
        """The credential of this name."""
        ...

    def page_credentials(
        self,
        workspace: str,
        *,
        query: str = "",
        kinds: Collection[str] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ListedCredential]:
        """Credentials by name, those that fit every filter given.

        Args:
            workspace: Whose.
            query: In the name or the hosts, whatever the case.
            kinds: Only those of one of these kinds.
            offset: How many rows to pass over.
            limit: How many rows to give.
        """
        ...

    def credential_names(self, workspace: str, credential_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these credentials that there are, by id."""
        ...

    def update_credential(self, credential: CredentialRecord, event: Event) -> None:
        """Writes ``credential`` over version ``credential.version - 1`` (law 4)."""
        ...

    def delete_credential(self, workspace: str, credential_id: str, event: Event) -> None:
        """Removes a credential; what refers to it keeps its id."""
        ...

    def touch_credential(self, credential_id: str, used_at: datetime) -> None:
        """Notes a use; missing rows are ignored, and so is a use before the last one noted."""
        ...
