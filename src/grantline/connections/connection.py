"""Apps and connections as people and faces see them: everything but the secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from grantline.codec import from_plain
from grantline.connections.state import State
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.store.records.connections import AppRecord, ConnectionRecord

LOCAL_WORKSPACE = "local"
LOCAL_USER = "local"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: every public method of the engine takes one and sees only its workspace."""

    workspace: str = LOCAL_WORKSPACE
    user: str = LOCAL_USER


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A client registration at a service.

    Attributes:
        has_secret: Whether a client secret, key, certificate or registration token is kept.
    """

    id: str
    name: str
    owner: str
    provider: str
    settings: AppSettings
    has_secret: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One authorization granted through an app.

    Attributes:
        state: See ``connections.state``.
        cause: Short stable name of why, empty when all is well.
        explanation: One sentence for people.
        scopes: Asked for.
        granted_scopes: What the service granted; None when it did not say, or nothing yet.
        hosts: Where the token may go.
        account_label: Whose account it is; empty when the service did not tell.
        account_id: The service's own id of it; likewise.
        inputs: What was typed for the inputs of the app.
        at_once: How many modules of scenarios may use it at the same time; 0 for any number.
        expires_at: When the access token dies; None when unknown or not authorized.
        has_refresh_token: Whether it renews without a person.
        generation: Counts the token sets it has had.
    """

    id: str
    name: str
    owner: str
    app: App
    flow: FlowType
    state: State
    cause: str
    explanation: str
    scopes: tuple[str, ...]
    granted_scopes: tuple[str, ...] | None
    hosts: tuple[str, ...]
    account_label: str
    account_id: str
    inputs: Mapping[str, str]
    at_once: int
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    has_refresh_token: bool
    retry_at: datetime | None
    generation: int
    version: int
    created_at: datetime
    updated_at: datetime
    authorized_at: datetime | None
    last_used_at: datetime | None


def app_from_record(record: AppRecord) -> App:
    """The app that ``record`` stores."""
    return App(
        id=record.id,
        name=record.name,
        owner=record.owner,
        provider=record.provider,
        settings=from_plain(AppSettings, record.settings),
        has_secret=record.sealed_secrets is not None,
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def connection_from_record(record: ConnectionRecord, app: AppRecord) -> Connection:
    """The connection that ``record`` stores, through its ``app``."""
    tokens = record.tokens
    return Connection(
        id=record.id,
        name=record.name,
        owner=record.owner,
        app=app_from_record(app),
        flow=FlowType(record.flow),
        state=State(record.health.state),
        cause=record.health.cause,
        explanation=record.health.explanation,
        scopes=record.scopes,
        granted_scopes=tokens.granted_scopes if tokens else None,
        hosts=record.hosts,
        account_label=record.account_label,
        account_id=record.account_id,
        inputs=record.inputs,
        at_once=record.at_once,
        expires_at=tokens.expires_at if tokens else None,
        refresh_expires_at=tokens.refresh_expires_at if tokens else None,
        has_refresh_token=tokens.has_refresh_token if tokens else False,
        retry_at=record.health.retry_at,
        generation=record.generation,
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
        authorized_at=record.authorized_at,
        last_used_at=record.last_used_at,
    )
