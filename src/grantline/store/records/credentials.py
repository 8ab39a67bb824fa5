"""Secrets that are no OAuth grant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRecord:
    """A secret that is no OAuth grant, kept under a name.

    Attributes:
        kind: A ``connections.credential.Kind`` value.
        details: JSON of what may be shown.
        hosts: Where it may go: exact hosts or ``*.domain``; empty for kinds that go to no service.
        sealed_secrets: All of it, the details too.
        expires_at: When a certificate in it ends; None for other kinds.
        version: Grows by one with every edit.
    """

    id: str
    workspace: str
    owner: str
    name: str
    kind: str
    details: Mapping[str, Any]
    hosts: tuple[str, ...]
    sealed_secrets: str
    expires_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedCredential:
    """A credential as a list shows it, and how many saved requests and scenarios refer to it."""

    credential: CredentialRecord
    uses: int
