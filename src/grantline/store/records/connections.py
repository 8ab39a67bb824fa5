"""Apps and their connections, what was consented to, and whose account it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRecord:
    """One client registration: ``settings`` is JSON of what may be shown."""

    id: str
    workspace: str
    owner: str
    name: str
    provider: str
    settings: Mapping[str, Any]
    sealed_secrets: str | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenColumns:
    """The part of a connection row that one token set fills, written together or not at all.

    Attributes:
        sealed_previous: The token set before this one, as it was sealed, until ``previous_until``.
        due_at: From then on the token set is renewed in the background; None: never.
    """

    sealed_tokens: str
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    has_refresh_token: bool
    granted_scopes: tuple[str, ...] | None
    sealed_previous: str | None = None
    previous_until: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the last attempts to renew said: written with the state, read by people.

    Attributes:
        state: A ``connections.state.State`` value.
        cause: Short stable name of why the state is what it is; empty when all is well.
        explanation: One sentence for people.
        failures: Failed attempts in a row.
        retry_at: No attempt before this instant, unless a person asks.
        dead_grant_at: When a dead-grant answer was first seen and not yet confirmed.
        failing_since: When the first of the failures in a row was.
    """

    state: str
    cause: str = ""
    explanation: str = ""
    failures: int = 0
    retry_at: datetime | None = None
    dead_grant_at: datetime | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRecord:
    """One authorization granted through an app.

    Attributes:
        scopes: Asked for.
        hosts: Where its token may go: exact hosts or ``*.domain``.
        sealed_secrets: What the flow itself needs: user name and password, DPoP key.
        tokens: None until first authorized.
        generation: Grows by one with every token set saved.
        lease_owner: Who refreshes just now, until ``lease_until`` (database clock).
        lease_number: Grows with every lease taken: the fencing number.
        version: Grows by one with every edit.
        inputs: What a person typed for the names in the app's settings.
        captured: What the service sent for them, besides what is among the tokens.
        account_id: The service's own id of the account; empty when it is not known.
        at_once: How many modules of scenarios may use it at the same time; 0 for any number.
    """

    id: str
    workspace: str
    owner: str
    app_id: str
    name: str
    flow: str
    scopes: tuple[str, ...]
    hosts: tuple[str, ...]
    sealed_secrets: str | None
    health: Health
    tokens: TokenColumns | None
    generation: int
    version: int
    created_at: datetime
    updated_at: datetime
    lease_owner: str | None = None
    lease_until: datetime | None = None
    lease_number: int = 0
    account_label: str = ""
    authorized_at: datetime | None = None
    last_used_at: datetime | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    captured: Mapping[str, str] = field(default_factory=dict)
    account_id: str = ""
    at_once: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose account at a service a connection reaches.

    Attributes:
        id: What never changes about it; empty when the service does not tell.
        label: What people call it; empty likewise.
        captured: Values of the service's answer that requests need.
    """

    id: str = ""
    label: str = ""
    captured: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAuthorization:
    """A consent that was begun: found by the hash of its state, used once, dead after a while.

    Attributes:
        state_hash: SHA-256 of ``state``, hex; the state itself is never stored.
        binding_hash: SHA-256 of what ties it to who began (a session, a process), hex.
        redirect_uri: The exact string that the token request must repeat.
        context: Digest of the app's endpoints, equal to the one in the callback path.
        sealed_verifier: PKCE verifier and nonce.
        scopes: Asked for in this consent.
        used_at: Set by the first callback that presents the state.
    """

    state_hash: str
    workspace: str
    owner: str
    connection_id: str
    binding_hash: str
    redirect_uri: str
    context: str
    sealed_verifier: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConnection:
    """A row of the list of connections, with what people want to see beside it.

    Attributes:
        uses: How many saved requests and scenarios refer to it.
    """

    connection: ConnectionRecord
    app: AppRecord
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """As much of a connection as is asked for again and again: nothing is opened for it."""

    generation: int
    version: int
    state: str
    lease_owner: str | None = None
    lease_number: int = 0
