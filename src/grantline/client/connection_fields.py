"""What callers write to create or edit a connection, as the values that the engine takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from typing import Any, Final, TypedDict

from grantline.codec import from_plain, to_plain
from grantline.connections.apps.catalogue import settings_of
from grantline.connections.near_names import did_you_mean
from grantline.connections.planning import APP_SECRETS
from grantline.errors import InvalidInput
from grantline.messages import ClientCertificate
from grantline.oauth.app.app_rules import IdentityRules, Input, RevocationRules, UpgradeRules
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import (
    ClientAuthentication,
    RequestMethod,
    TokenRequestFormat,
)
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType, Pkce, TokenPlacement
from grantline.oauth.discovery.metadata import ServerMetadata, apply_metadata
from grantline.providers.profile import Profile
from grantline.secret import Secret

Pairs = Mapping[str, str] | Iterable[tuple[str, str]]


class AppFields(TypedDict, total=False):
    """The fields of ``AppSettings``, which describes them, and the app's secrets.

    Enumerations may be given by their value, pairs as a mapping, tuples as any iterable, rules as
    a mapping of their fields.
    """

    client_id: str
    client_secret: str | Secret | None
    private_key: str | Secret | None
    certificate: ClientCertificate | None
    inputs: Iterable[Input]
    issuer: str
    authorize_uri: str
    authorize_in_fragment: bool
    token_uri: str
    refresh_uri: str
    device_authorization_uri: str
    revocation_uri: str
    introspection_uri: str
    pushed_authorization_uri: str
    jwks_uri: str
    redirect_uri: str
    response_type: str
    scope_separator: str
    authorize_parameters: Pairs
    token_parameters: Pairs
    refresh_parameters: Pairs
    custom_headers: Pairs
    token_headers: Pairs
    refresh_headers: Pairs
    client_authentication: ClientAuthentication | str
    refresh_authentication: ClientAuthentication | str | None
    token_request_format: TokenRequestFormat | str
    refresh_request_format: TokenRequestFormat | str | None
    token_request_method: RequestMethod | str | None
    refresh_request_method: RequestMethod | str | None
    parameter_names: Pairs
    pkce: Pkce | str
    use_par: bool
    use_dpop: bool
    expect_iss: bool
    resources: Iterable[str]
    token_placement: TokenPlacement | str
    header_name: str
    token_name: str
    query_name: str
    base_url: str
    api_headers: Pairs
    api_parameters: Pairs
    expired_statuses: Iterable[int]
    expired_body_matches: Iterable[str]
    renewal_margin: timedelta | None
    rate_limit: str
    refresh_grace: timedelta
    refresh_idle_lifetime: timedelta | None
    assertion: AssertionSettings | Mapping[str, Any]
    response: ResponseRules | Mapping[str, Any]
    identity: IdentityRules | Mapping[str, Any]
    revocation: RevocationRules | Mapping[str, Any]
    upgrade: UpgradeRules | Mapping[str, Any]


class ConnectionFields(AppFields, total=False):
    """What describes a connection and its app.

    Attributes:
        flow: How it is authorized; ``authorization-code`` unless given.
        scopes: A list, or one text with blanks between.
        hosts: Where the token may go; without any, the host of ``base_url``.
        input_values: A value for each of the app's ``inputs``, by name.
        at_once: How many modules of scenarios may use it at the same time; 0 for any number.
        username: For the flows password and login.
        password: For the flows password and login.
    """

    flow: FlowType | str
    scopes: str | Iterable[str]
    hosts: Iterable[str]
    input_values: Mapping[str, str]
    at_once: int
    username: str
    password: str | Secret | None


SETTINGS: Final = frozenset(each.name for each in fields(AppSettings))
RULES: Final = frozenset({"assertion", "response", "identity", "revocation", "upgrade"})
SECRETS: Final = frozenset(APP_SECRETS)


def app_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``AppSettings`` among ``given``, each of the type that it has there.

    Raises:
        InvalidInput: A field does not exist, or its value will not do; names it.
    """
    unknown = sorted(set(given) - ConnectionFields.__annotations__.keys())
    if unknown:
        known = sorted(ConnectionFields.__annotations__)
        raise InvalidInput(
            f"A connection has no field {unknown[0]}.",
            field=unknown[0],
            hint=f"{did_you_mean(unknown[0], known)}The fields are {', '.join(known)}.",
        )
    plain = {
        name: {each: _plain(own) for each, own in value.items()}
        if name in RULES and isinstance(value, Mapping)
        else _plain(value)
        for name, value in given.items()
        if name in SETTINGS
    }
    # Any client ID will do here: what is wanted is the check and the types of the others.
    whole = from_plain(AppSettings, {"client_id": "", **plain})
    return {name: getattr(whole, name) for name in plain}


def merged_settings(
    typed: Mapping[str, Any],
    entry: Profile | None,
    metadata: ServerMetadata | None,
    secrets: ClientSecrets,
) -> AppSettings:
    """An app's settings: what the catalogue and ``metadata`` say, and over both what was given."""
    settings = settings_of(entry, client_id="") if entry else AppSettings(client_id="")
    settings = replace(settings, **typed)
    if metadata is None:
        return settings
    return replace(apply_metadata(settings, metadata, secrets=secrets), **typed)


def client_secrets(given: Mapping[str, Any]) -> ClientSecrets:
    """The app's secrets among ``given``."""
    return ClientSecrets(**{name: secret(given[name]) for name in SECRETS & given.keys()})


def secret(value: Any) -> Any:
    """``value``, wrapped when it is a plain text."""
    return Secret(value) if isinstance(value, str) else value


def flow_type(value: FlowType | str) -> FlowType:
    """The flow of this name.

    Raises:
        InvalidInput: There is none.
    """
    try:
        return FlowType(value)
    except ValueError:
        raise InvalidInput(
            f"There is no flow {value}.",
            field="Flow type",
            hint=f"The flows are {', '.join(FlowType)}.",
        ) from None


def scope_list(value: str | Iterable[str]) -> tuple[str, ...]:
    """The scopes in ``value``."""
    return tuple(value.split() if isinstance(value, str) else value)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return to_plain(value)
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(each) for each in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value
