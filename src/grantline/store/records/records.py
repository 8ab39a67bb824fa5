"""The rows of the store as values. Secrets arrive sealed: the store never sees one in the clear.

Ids are opaque, sortable and prefixed (``app_``, ``con_``, ``crd_``, ``req_``, ...); every row
carries its workspace. Instants are aware UTC. ``version`` counts edits by people, ``generation``
counts token sets: two counters, so that renaming a connection never races with refreshing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and how many rows the whole list has."""

    rows: tuple[T, ...]
    total: int


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
class Lease:
    """The right to refresh one connection until ``until``; ``number`` fences late savers."""

    connection_id: str
    owner: str
    number: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshAttempt:
    """The intent to spend one refresh token, recorded before the first byte is sent.

    Attributes:
        generation: The token set that is being renewed.
        token_hash: SHA-256 of the refresh token, hex.
        deadline: After this the attempt, if still open, is of unknown outcome.
        sealed_answer: The raw answer of the server, saved before anyone judges it.
        outcome: Empty while open; then ``saved``, ``refused``, ``lost``, ``candidate``, ...
    """

    id: str
    workspace: str
    connection_id: str
    generation: int
    token_hash: str
    lease_number: int
    started_at: datetime
    deadline: datetime
    sealed_answer: str | None = None
    outcome: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the append-only audit: who did what to which connection, and when."""

    id: str
    workspace: str
    at: datetime
    actor: str
    kind: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A master key that may have sealed something here.

    Attributes:
        check: Tells whether a key is this one; of no use to find it.
        primary: New secrets are sealed with this one.
        wrapped: The key as a key management service wrapped it; empty for one kept elsewhere.
    """

    fingerprint: str
    check: str
    primary: bool
    created_at: datetime
    wrapped: str = ""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values, and the word that they are bound to besides table and row."""

    table: str
    column: str
    bound_to: str


@dataclass(frozen=True, slots=True)
class SealedCount:
    """How many values of a column begin with ``head``: version and fingerprint, with both dots."""

    place: SealedColumn
    head: str
    count: int


@dataclass(frozen=True, slots=True)
class SealedValue:
    """One sealed value, and the row it is bound to."""

    workspace: str
    row: str
    sealed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """This database among its copies.

    Attributes:
        id: Made once when the database was created; copies share it.
        place: Where the only copy was known to be; empty when nobody ever looked.
        name: What its operator called it (``GRANTLINE_INSTANCE``); empty without a name.
        restored_from: When the backup was made from which it was restored; None once somebody
            has said that this is the only copy.
    """

    id: str
    place: str = ""
    name: str = ""
    restored_from: datetime | None = None


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
class Due:
    """A connection whose turn has come to be renewed in the background."""

    id: str
    workspace: str
    app_id: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """As much of a connection as is asked for again and again: nothing is opened for it."""

    generation: int
    version: int
    state: str
    lease_owner: str | None = None
    lease_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who may sign in.

    Attributes:
        name: Case-folded, and unique among all workspaces: it is all that a person types.
        password_hash: As the hash function wrote it, its parameters included.
        role: ``owner`` or ``member``.
        disabled_at: From then on neither sessions nor API keys of this person work.
    """

    id: str
    workspace: str
    name: str
    password_hash: str = field(repr=False)
    role: str
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that signed in; ``token_hash`` is SHA-256 of its cookie, hex."""

    token_hash: str
    user_id: str
    workspace: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of the REST API; ``key_hash`` is SHA-256 of it, hex, and ``scope`` what it may do.

    Attributes:
        beginning: Its first characters, by which people tell one from another; empty for keys
            older than this column.
        scope: ``use`` makes requests, ``manage`` does everything its owner may.
    """

    id: str
    workspace: str
    owner: str
    name: str
    key_hash: str
    scope: str
    created_at: datetime
    beginning: str = ""
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptLine:
    """One exchange with an authorization server about one connection, masked and then sealed.

    Attributes:
        step: What the exchange was for, such as ``token`` or ``refresh``.
    """

    id: str
    workspace: str
    connection_id: str
    at: datetime
    step: str
    sealed_exchange: str
