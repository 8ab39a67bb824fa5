"""Requests kept under a name, and those that were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRequestRecord:
    """A request kept under a name.

    People type keys into headers, bodies and queries, so all of it is sealed but what lists show.
    What it refers to by id may be deleted: the request keeps the id, so that it fails and says why,
    instead of going out without a token or another secret.

    Attributes:
        connection_id: Whose token it carries.
        credential_id: The credential it carries instead.
        certificate_id: The credential with the client certificate it shows.
        authority_id: The credential with the certificate authority it trusts as well.
        proxy_id: The credential with the proxy it goes through.
        url: Without query.
        sealed_spec: The whole request.
    """

    id: str
    workspace: str
    owner: str
    name: str
    connection_id: str | None
    credential_id: str | None = None
    certificate_id: str | None = None
    authority_id: str | None = None
    proxy_id: str | None = None
    method: str
    url: str
    sealed_spec: str
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One request that was made, as lists show it; its detail is sealed beside it.

    Attributes:
        request_id: The saved request it was made from, though that may be gone by now.
        connection_id: Whose token it carried, though that may be gone by now.
        url: With every secret masked.
        status: Of the answer; None when none came.
        error_code: ``GrantlineError.code``; empty when an answer came.
        attempts: How often it was sent: 2 when the token was renewed in between.
        size_bytes: Of the answer's body.
    """

    id: str
    workspace: str
    owner: str
    at: datetime
    request_id: str | None
    connection_id: str | None
    method: str
    url: str
    status: int | None
    error_code: str
    duration: timedelta
    attempts: int
    size_bytes: int
