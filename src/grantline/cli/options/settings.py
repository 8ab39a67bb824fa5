"""Every setting of an app as an option: ``create``, ``edit`` and ``app edit`` take the same ones.

Each field bears the name of the ``AppSettings`` field that it sets, so nothing is listed twice. A
field left out stays as it is; a list that is given replaces the old one, and ``''`` empties it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Final

import typer

from grantline.cli.values import changed_rules, setting_value
from grantline.oauth.app.request_choices import (
    ClientAuthentication,
    RequestMethod,
    TokenRequestFormat,
)
from grantline.oauth.app.settings import AppSettings, Pkce, TokenPlacement

SERVICE: Final = "Service"
CLIENT: Final = "Client"
AUTHORIZATION: Final = "Authorization request"
TOKENS: Final = "Token requests"
PLACEMENT: Final = "API requests"
ASSERTION: Final = "Signed assertions"

METHODS: Final = ", ".join(ClientAuthentication)

Text = str | None
Texts = list[str] | None
Switch = bool | None


def _of(panel: str, text: str, *names: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=panel)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingOptions:
    """The settings of an app, as far as they were given."""

    issuer: Annotated[
        Text, _of(SERVICE, "Issuer URL: fills the endpoints below.", metavar="URI")
    ] = None
    authorize_uri: Annotated[Text, _of(SERVICE, "Where the person is sent.", metavar="URI")] = None
    token_uri: Annotated[
        Text, _of(SERVICE, "Where codes and refresh tokens are exchanged.", metavar="URI")
    ] = None
    refresh_uri: Annotated[
        Text, _of(SERVICE, "For refreshes, when another one.", metavar="URI")
    ] = None
    device_authorization_uri: Annotated[
        Text, _of(SERVICE, "Of the device flow.", metavar="URI")
    ] = None
    revocation_uri: Annotated[
        Text, _of(SERVICE, "Asked when a connection is deleted.", metavar="URI")
    ] = None
    introspection_uri: Annotated[Text, _of(SERVICE, "Asked by verify.", metavar="URI")] = None
    pushed_authorization_uri: Annotated[
        Text, _of(SERVICE, "Of pushed requests (--par).", metavar="URI")
    ] = None
    jwks_uri: Annotated[Text, _of(SERVICE, "Keys that sign ID tokens.", metavar="URI")] = None

    client_id: Annotated[Text, _of(CLIENT, "As the service issued it.", metavar="ID")] = None
    client_authentication: Annotated[
        ClientAuthentication | None,
        _of(CLIENT, f"How the client proves itself: {METHODS}.", metavar="METHOD"),
    ] = None
    refresh_authentication: Annotated[
        ClientAuthentication | None,
        _of(CLIENT, "The same for refreshes, when another.", metavar="METHOD"),
    ] = None

    scope_separator: Annotated[
        Text, _of(AUTHORIZATION, "Joins scopes; space by default.", metavar="space|comma")
    ] = None
    authorize_parameters: Annotated[
        Texts,
        _of(
            AUTHORIZATION,
            "Authorize parameters: extra ones of the authorize redirect.",
            "--authorize-parameter",
            metavar="K=V",
        ),
    ] = None
    authorize_in_fragment: Annotated[
        Switch,
        _of(
            AUTHORIZATION,
            "Parameters follow the # of the authorize URI.",
            "--authorize-in-fragment/--authorize-in-query",
        ),
    ] = None
    response_type: Annotated[Text, _of(AUTHORIZATION, "Where it is not code.", metavar="TYPE")] = (
        None
    )
    redirect_uri: Annotated[
        Text, _of(AUTHORIZATION, "The exact URI registered.", metavar="URI")
    ] = None
    pkce: Annotated[Pkce | None, _of(AUTHORIZATION, "RFC 7636; S256 by default.")] = None
    use_par: Annotated[Switch, _of(AUTHORIZATION, "Push the request first.", "--par/--no-par")] = (
        None
    )
    expect_iss: Annotated[
        Switch,
        _of(
            AUTHORIZATION,
            "Refuse callbacks without iss (RFC 9207).",
            "--expect-iss/--no-expect-iss",
        ),
    ] = None
    resources: Annotated[
        Texts, _of(AUTHORIZATION, "Resource indicator (RFC 8707).", "--resource", metavar="URI")
    ] = None

    token_parameters: Annotated[
        Texts,
        _of(
            TOKENS,
            "Access token parameters: extra ones of the token request.",
            "--token-parameter",
            metavar="K=V",
        ),
    ] = None
    refresh_parameters: Annotated[
        Texts,
        _of(
            TOKENS,
            "Refresh token parameters: extra ones of the refresh request.",
            "--refresh-parameter",
            metavar="K=V",
        ),
    ] = None
    custom_headers: Annotated[
        Texts,
        _of(
            TOKENS,
            "Custom headers: extra ones of token and refresh requests.",
            "--custom-header",
            metavar="'K: V'",
        ),
    ] = None
    token_headers: Annotated[
        Texts,
        _of(TOKENS, "Extra headers of token requests alone.", "--token-header", metavar="'K: V'"),
    ] = None
    refresh_headers: Annotated[
        Texts,
        _of(
            TOKENS, "Extra headers of refresh requests alone.", "--refresh-header", metavar="'K: V'"
        ),
    ] = None
    token_request_format: Annotated[
        TokenRequestFormat | None, _of(TOKENS, "Of token requests; form by default.")
    ] = None
    refresh_request_format: Annotated[
        TokenRequestFormat | None,
        _of(TOKENS, "The same of refreshes, when another.", metavar="FORMAT"),
    ] = None
    token_request_method: Annotated[
        RequestMethod | None,
        _of(TOKENS, "HTTP method of token requests; POST by default.", metavar="METHOD"),
    ] = None
    refresh_request_method: Annotated[
        RequestMethod | None, _of(TOKENS, "The same of refreshes, when another.", metavar="METHOD")
    ] = None
    parameter_names: Annotated[
        Texts,
        _of(
            TOKENS,
            "A parameter the service calls otherwise: client_id=client_key; an empty one "
            "leaves it out, token. in front means in that request alone.",
            "--parameter-name",
            metavar="RFC=OWN",
        ),
    ] = None
    use_dpop: Annotated[
        Switch, _of(TOKENS, "Bind tokens to a key (RFC 9449).", "--dpop/--no-dpop")
    ] = None
    response_rules: Annotated[
        Texts,
        _of(
            TOKENS,
            "Where answers keep things: token_path=authed_user.",
            "--response-rule",
            metavar="NAME=VALUE",
        ),
    ] = None
    revocation_rules: Annotated[
        Texts,
        _of(
            TOKENS,
            "A revocation that is not RFC 7009: method=DELETE.",
            "--revocation-rule",
            metavar="NAME=VALUE",
        ),
    ] = None
    upgrade_rules: Annotated[
        Texts,
        _of(
            TOKENS,
            "A second exchange, for a long-lived token: uri=https://....",
            "--upgrade-rule",
            metavar="NAME=VALUE",
        ),
    ] = None

    identity_rules: Annotated[
        Texts,
        _of(
            PLACEMENT,
            "How to learn whose account it is: url=/me.",
            "--identity-rule",
            metavar="NAME=VALUE",
        ),
    ] = None
    token_placement: Annotated[
        TokenPlacement | None, _of(PLACEMENT, "Access token placement; header by default.")
    ] = None
    header_name: Annotated[
        Text, _of(PLACEMENT, "Header of the token; Authorization by default.", metavar="NAME")
    ] = None
    api_headers: Annotated[
        Texts, _of(PLACEMENT, "A header of every API request.", "--api-header", metavar="'K: V'")
    ] = None
    api_parameters: Annotated[
        Texts,
        _of(PLACEMENT, "A query parameter of every API request.", "--api-parameter", metavar="K=V"),
    ] = None
    renewal_margin: Annotated[
        Text, _of(PLACEMENT, "Renew so long before the end: 30s.", metavar="SPAN")
    ] = None
    refresh_idle_lifetime: Annotated[
        Text, _of(PLACEMENT, "An unused refresh token dies then: 720h.", metavar="SPAN")
    ] = None
    token_name: Annotated[
        Text, _of(PLACEMENT, "Token name: the word before the token.", metavar="WORD")
    ] = None
    query_name: Annotated[Text, _of(PLACEMENT, "Query parameter of the token.", metavar="NAME")] = (
        None
    )
    base_url: Annotated[
        Text, _of(PLACEMENT, "Where relative request URLs start.", metavar="URI")
    ] = None
    expired_statuses: Annotated[
        Texts,
        _of(
            PLACEMENT,
            "Besides 401, means: the token has expired.",
            "--expired-status",
            metavar="NUMBER",
        ),
    ] = None
    expired_body_matches: Annotated[
        Texts,
        _of(
            PLACEMENT,
            "A text in answers that means the same.",
            "--expired-body-match",
            metavar="TEXT",
        ),
    ] = None
    rate_limit: Annotated[
        Text, _of(PLACEMENT, "Requests in a time: 100/60s; off follows no limit.", metavar="N/TIME")
    ] = None

    algorithm: Annotated[Text, _of(ASSERTION, "RS256, PS256, ES256, EdDSA.", metavar="NAME")] = None
    key_id: Annotated[Text, _of(ASSERTION, "kid of the key.", metavar="ID")] = None
    assertion_issuer: Annotated[
        Text, _of(ASSERTION, "iss; the client ID by default.", metavar="TEXT")
    ] = None
    assertion_subject: Annotated[
        Text, _of(ASSERTION, "sub: the user to act for.", metavar="TEXT")
    ] = None
    assertion_audience: Annotated[
        Text, _of(ASSERTION, "aud; the issuer by default.", metavar="TEXT")
    ] = None
    scope_in_assertion: Annotated[
        Switch, _of(ASSERTION, "Where the scopes go.", "--scope-in-assertion/--scope-in-request")
    ] = None

    def changes(self, old: AppSettings) -> dict[str, Any]:
        """The fields of ``AppSettings`` that were given, by name, with their new values.

        Raises:
            InvalidInput: A value cannot be read.
        """
        known = {each.name for each in fields(AppSettings)}
        given = {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) is not None
        }
        changed = {
            name: setting_value(name, value) for name, value in given.items() if name in known
        }
        if assertion := {name: given[name] for name in _ASSERTION & given.keys()}:
            renamed = {name.removeprefix("assertion_"): value for name, value in assertion.items()}
            changed["assertion"] = replace(old.assertion, **renamed)
        for option, name in _RULES.items():
            if option in given:
                words = given[option]
                changed[name] = changed_rules(getattr(old, name), words, f"--{name}-rule")
        return changed

    @property
    def is_empty(self) -> bool:
        """Whether none was given."""
        return self == SettingOptions()


_RULES: Final = {
    "response_rules": "response",
    "revocation_rules": "revocation",
    "upgrade_rules": "upgrade",
    "identity_rules": "identity",
}
_ASSERTION: Final = {
    "algorithm",
    "key_id",
    "assertion_issuer",
    "assertion_subject",
    "assertion_audience",
    "scope_in_assertion",
}
