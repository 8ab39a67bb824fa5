"""Connections and apps as the API takes and shows them; names as in ``--format json``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from grantline.connections.connection import App, Connection
from grantline.connections.edit import Price
from grantline.connections.planning import ConnectionEdit
from grantline.connections.requests.redaction import visible_settings
from grantline.connections.rules import MOST_AT_ONCE
from grantline.connections.state import State
from grantline.messages import ClientCertificate
from grantline.oauth.app.settings import ClientSecrets, FlowType
from grantline.secret import Secret
from grantline.server.api.address import API_PREFIX
from grantline.server.api.fields import Given, Name, Shown, Version, WrittenOnly, secret_of
from grantline.server.api.settings_schema import SettingsGiven, SettingsShown
from grantline.server.settings import ServerSettings

Scopes = Annotated[list[str], Field(max_length=500, examples=[["profile", "email"]])]
SecretName = Literal["client_secret", "private_key", "certificate", "username", "password"]
AtOnce = Annotated[int, Field(ge=0, le=MOST_AT_ONCE)]
Hosts = Annotated[list[str], Field(max_length=500, examples=[["api.example.com"]])]


class CertificateGiven(Given):
    """For mutual TLS (RFC 8705)."""

    certificate_pem: Annotated[str, Field(max_length=65536)]
    private_key_pem: WrittenOnly


class SecretsGiven(Given):
    """What proves that a request comes from the app. What is left out stays as it is."""

    client_secret: WrittenOnly | None = None
    private_key: WrittenOnly | None = None
    """PEM or JWK, for private_key_jwt and JWT bearer."""
    certificate: CertificateGiven | None = None


class NewConnectionGiven(Given):
    """A new connection: of an app that is here (`app`), or with an app of its own."""

    name: Name
    flow: FlowType = FlowType.AUTHORIZATION_CODE
    app: str = ""
    """Name or id of an app; then provider, issuer, settings and secrets stay out."""
    app_name: str = ""
    """Name of the new app; the connection's by default."""
    provider: str = ""
    """An entry of the catalogue, which fills in settings, scopes and hosts."""
    issuer: str = ""
    """An issuer, whose metadata (RFC 8414) fills in the endpoints; or an API or MCP server."""
    client: Literal["given", "registered", "document"] = "given"
    """Where the client ID comes from: `given`, `registered` at the issuer (RFC 7591), or the
    address of a `document` of this installation that the service reads."""
    initial_access_token: WrittenOnly | None = None
    """What some services want to see before they register a client."""
    settings: SettingsGiven = Field(default_factory=dict)
    """Settings of the new app, over what provider and issuer say; `client_id` unless registered."""
    secrets: SecretsGiven = SecretsGiven()
    scopes: Scopes | None = None
    hosts: Hosts | None = None
    """Where the token may go; the host of `base_url` by default."""
    inputs: dict[str, str] = Field(default_factory=dict)
    """A value for each input that the app's settings ask for."""
    at_once: AtOnce = 0
    """How many modules of scenarios may use it at the same time; 0 for any number."""
    username: str = ""
    password: WrittenOnly | None = None


class ConnectionEdited(Given):
    """What to change; what is left out stays as it is."""

    name: Name | None = None
    flow: FlowType | None = None
    scopes: Scopes | None = None
    hosts: Hosts | None = None
    settings: SettingsGiven = Field(default_factory=dict)
    """Settings to replace, one by one. They are the app's: all its connections follow."""
    inputs: dict[str, str] | None = None
    """Values of inputs to replace, by name."""
    at_once: AtOnce | None = None
    """How many modules of scenarios may use it at the same time; 0 for any number."""
    secrets: SecretsGiven = SecretsGiven()
    username: str | None = None
    password: WrittenOnly | None = None
    remove_secrets: list[SecretName] = Field(default_factory=list)
    """Secrets to keep no longer."""
    version: Version | None = None
    """The version that the edit was made against; or send If-Match."""


class AppEdited(Given):
    """What to change; what is left out stays as it is."""

    name: Name | None = None
    settings: SettingsGiven = Field(default_factory=dict)
    secrets: SecretsGiven = SecretsGiven()
    version: Version | None = None


class AppRef(Shown):
    """Which app."""

    id: str
    name: str


class ConnectionShown(Shown):
    """A connection. Its app's settings are at `/apps/{app}`."""

    id: str
    name: str
    app: AppRef
    provider: str
    flow: FlowType
    state: State
    cause: str
    """Why the state is what it is: short and stable; empty when all is well."""
    explanation: str
    next_step: str
    """What to call next; empty when nothing is to do."""
    account: str
    """Whose account it is, when the service told."""
    scopes: list[str]
    granted_scopes: list[str] | None
    """None when the service did not say."""
    hosts: list[str]
    inputs: dict[str, str]
    """What was given for the inputs of the app."""
    at_once: int
    """How many modules of scenarios may use it at the same time; 0 for any number."""
    redirect_uri: str
    """What to register at the service; empty for flows without a browser."""
    has_refresh_token: bool
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    retry_at: datetime | None
    authorized_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime
    updated_at: datetime
    generation: int
    """Counts the token sets it has had."""
    version: int


class ListedConnection(ConnectionShown):
    """A connection in a list."""

    uses: int
    """How many saved requests and scenarios refer to it."""


class PriceShown(Shown):
    """What an edit costs."""

    needs: str
    """`nothing`; `consent`, until which the old token works; or `reauthorization`."""
    because: list[str]
    """The fields that ask for it."""
    also_changed: list[str]
    """Other connections that follow, because they share the app."""


class PreviewedPrice(PriceShown):
    """What an edit would cost."""

    secret_required: bool
    """The app's secrets must be given again, or the edit is refused."""


class KeptSecrets(Shown):
    """Which secrets are kept, by name alone."""

    kept: list[SecretName]


class DiagnosisShown(Shown):
    """What is wrong with a connection."""

    code: str
    severity: str
    """``error``, ``warning`` or ``note``."""
    title: str
    explanation: str
    evidence: list[tuple[str, str]]
    """Label and value of what it was concluded from."""
    next_steps: list[str]
    differs: tuple[str, str] | None
    """Two texts that should be equal: the one sent, and the one that the service has."""


class EditedConnection(ConnectionShown, PriceShown):
    """A connection after an edit, and what the edit cost."""


class AppShown(Shown):
    """An app. Of its secrets only whether there are any."""

    id: str
    name: str
    provider: str
    has_secret: bool
    settings: SettingsShown
    connections: list[str]
    """Names of the connections that use it."""
    created_at: datetime
    updated_at: datetime
    version: int


class EditedApp(AppShown, PriceShown):
    """An app after an edit, and what the edit cost."""


class DeletedConnection(Shown):
    """A connection that is gone here, and what became of its grant at the service."""

    deleted: str
    revoked: bool
    note: str


class VerificationShown(Shown):
    """Whether a connection works; null when the service could not be asked."""

    connection: str
    works: bool | None
    explanation: str
    next_step: str


def connection_view(found: Connection, web: ServerSettings) -> dict[str, Any]:
    """The fields of ``ConnectionShown``."""
    names = set(ConnectionShown.model_fields) - {"app", "provider", "account", "redirect_uri"}
    plain = {name: getattr(found, name) for name in names - {"next_step"}}
    settings = found.app.settings
    return {
        **plain,
        "app": {"id": found.app.id, "name": found.app.name},
        "provider": found.app.provider,
        "account": found.account_label,
        "next_step": _next_step(found),
        "redirect_uri": web.redirect_uri(settings) if found.flow.needs_browser else "",
    }


def price_view(price: Price, siblings: Sequence[str]) -> dict[str, Any]:
    """The fields of ``PriceShown``."""
    return {
        "needs": price.cost.name.lower(),
        "because": price.reasons,
        "also_changed": siblings,
    }


def app_view(app: App, connections: Sequence[str]) -> dict[str, Any]:
    """The fields of ``AppShown``."""
    names = ("id", "name", "provider", "has_secret", "created_at", "updated_at", "version")
    settings = visible_settings(app.settings, whole=True)
    plain = {name: getattr(app, name) for name in names}
    return {**plain, "settings": settings, "connections": connections}


def secrets_from(given: SecretsGiven) -> ClientSecrets:
    """The secrets as the engine takes them."""
    return ClientSecrets(
        client_secret=secret_of(given.client_secret),
        private_key=secret_of(given.private_key),
        certificate=_certificate_from(given.certificate) if given.certificate else None,
    )


def edit_from(given: ConnectionEdited, version: int | None) -> ConnectionEdit:
    """The edit as the engine takes it."""
    return ConnectionEdit(
        name=given.name,
        flow=given.flow,
        scopes=None if given.scopes is None else tuple(given.scopes),
        hosts=None if given.hosts is None else tuple(given.hosts),
        inputs=given.inputs,
        at_once=given.at_once,
        settings=given.settings,
        secrets=secrets_from(given.secrets),
        username=given.username,
        password=secret_of(given.password),
        remove_secrets=tuple(given.remove_secrets),
        version=version,
    )


def _certificate_from(given: CertificateGiven) -> ClientCertificate:
    key = Secret(given.private_key_pem.get_secret_value())
    return ClientCertificate(given.certificate_pem, key)


def _next_step(found: Connection) -> str:
    path = f"{API_PREFIX}/connections/{found.id}"
    match found.state:
        case State.AUTHORIZED:
            return ""
        case State.FAILING:
            return f"POST {path}/verify"
    if found.flow.needs_browser:
        return f"POST {path}/authorize"
    return f"POST {path}/{'device' if found.flow is FlowType.DEVICE else 'obtain'}"
