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


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingOptions:
    """The settings of an app, as far as they were given."""

    issuer: Annotated[
        Text,
        typer.Option(
            metavar="URI", help="Issuer URL: fills the endpoints below.", rich_help_panel=SERVICE
        ),
    ] = None
    authorize_uri: Annotated[
        Text, typer.Option(metavar="URI", help="Where the person is sent.", rich_help_panel=SERVICE)
    ] = None
    token_uri: Annotated[
        Text,
        typer.Option(
            metavar="URI",
            help="Where codes and refresh tokens are exchanged.",
            rich_help_panel=SERVICE,
        ),
    ] = None
    refresh_uri: Annotated[
        Text,
        typer.Option(
            metavar="URI", help="For refreshes, when another one.", rich_help_panel=SERVICE
        ),
    ] = None
    device_authorization_uri: Annotated[
        Text, typer.Option(metavar="URI", help="Of the device flow.", rich_help_panel=SERVICE)
    ] = None
    revocation_uri: Annotated[
        Text,
        typer.Option(
            metavar="URI", help="Asked when a connection is deleted.", rich_help_panel=SERVICE
        ),
    ] = None
    introspection_uri: Annotated[
        Text, typer.Option(metavar="URI", help="Asked by verify.", rich_help_panel=SERVICE)
    ] = None
    pushed_authorization_uri: Annotated[
        Text,
        typer.Option(metavar="URI", help="Of pushed requests (--par).", rich_help_panel=SERVICE),
    ] = None
    jwks_uri: Annotated[
        Text, typer.Option(metavar="URI", help="Keys that sign ID tokens.", rich_help_panel=SERVICE)
    ] = None

    client_id: Annotated[
        Text, typer.Option(metavar="ID", help="As the service issued it.", rich_help_panel=CLIENT)
    ] = None
    client_authentication: Annotated[
        ClientAuthentication | None,
        typer.Option(
            metavar="METHOD",
            help=f"How the client proves itself: {METHODS}.",
            rich_help_panel=CLIENT,
        ),
    ] = None
    refresh_authentication: Annotated[
        ClientAuthentication | None,
        typer.Option(
            metavar="METHOD", help="The same for refreshes, when another.", rich_help_panel=CLIENT
        ),
    ] = None

    scope_separator: Annotated[
        Text,
        typer.Option(
            metavar="space|comma",
            help="Joins scopes; space by default.",
            rich_help_panel=AUTHORIZATION,
        ),
    ] = None
    authorize_parameters: Annotated[
        Texts,
        typer.Option(
            "--authorize-parameter",
            metavar="K=V",
            help="Authorize parameters: extra ones of the authorize redirect.",
            rich_help_panel=AUTHORIZATION,
        ),
    ] = None
    authorize_in_fragment: Annotated[
        Switch,
        typer.Option(
            "--authorize-in-fragment/--authorize-in-query",
            help="Parameters follow the # of the authorize URI.",
            rich_help_panel=AUTHORIZATION,
        ),
    ] = None
    response_type: Annotated[
        Text,
        typer.Option(metavar="TYPE", help="Where it is not code.", rich_help_panel=AUTHORIZATION),
    ] = None
    redirect_uri: Annotated[
        Text,
        typer.Option(
            metavar="URI", help="The exact URI registered.", rich_help_panel=AUTHORIZATION
        ),
    ] = None
    pkce: Annotated[
        Pkce | None, typer.Option(help="RFC 7636; S256 by default.", rich_help_panel=AUTHORIZATION)
    ] = None
    use_par: Annotated[
        Switch,
        typer.Option(
            "--par/--no-par", help="Push the request first.", rich_help_panel=AUTHORIZATION
        ),
    ] = None
    expect_iss: Annotated[
        Switch,
        typer.Option(
            "--expect-iss/--no-expect-iss",
            help="Refuse callbacks without iss (RFC 9207).",
            rich_help_panel=AUTHORIZATION,
        ),
    ] = None
    resources: Annotated[
        Texts,
        typer.Option(
            "--resource",
            metavar="URI",
            help="Resource indicator (RFC 8707).",
            rich_help_panel=AUTHORIZATION,
        ),
    ] = None

    token_parameters: Annotated[
        Texts,
        typer.Option(
            "--token-parameter",
            metavar="K=V",
            help="Access token parameters: extra ones of the token request.",
            rich_help_panel=TOKENS,
        ),
    ] = None
    refresh_parameters: Annotated[
        Texts,
        typer.Option(
            "--refresh-parameter",
            metavar="K=V",
            help="Refresh token parameters: extra ones of the refresh request.",
            rich_help_panel=TOKENS,
        ),
    ] = None
    custom_headers: Annotated[
        Texts,
        typer.Option(
            "--custom-header",
            metavar="'K: V'",
            help="Custom headers: extra ones of token and refresh requests.",
            rich_help_panel=TOKENS,
        ),
    ] = None
    token_headers: Annotated[
        Texts,
        typer.Option(
            "--token-header",
            metavar="'K: V'",
            help="Extra headers of token requests alone.",
            rich_help_panel=TOKENS,
        ),
    ] = None
    refresh_headers: Annotated[
        Texts,
        typer.Option(
            "--refresh-header",
            metavar="'K: V'",
            help="Extra headers of refresh requests alone.",
            rich_help_panel=TOKENS,
        ),
    ] = None
    token_request_format: Annotated[
        TokenRequestFormat | None,
        typer.Option(help="Of token requests; form by default.", rich_help_panel=TOKENS),
    ] = None
    refresh_request_format: Annotated[
        TokenRequestFormat | None,
        typer.Option(
            metavar="FORMAT", help="The same of refreshes, when another.", rich_help_panel=TOKENS
        ),
    ] = None
    token_request_method: Annotated[
        RequestMethod | None,
        typer.Option(
            metavar="METHOD",
            help="HTTP method of token requests; POST by default.",
            rich_help_panel=TOKENS,
        ),
    ] = None
    refresh_request_method: Annotated[
        RequestMethod | None,
        typer.Option(
            metavar="METHOD", help="The same of refreshes, when another.", rich_help_panel=TOKENS
        ),
    ] = None
    parameter_names: Annotated[
        Texts,
        typer.Option(
            "--parameter-name",
            metavar="RFC=OWN",
            help="A parameter the service calls otherwise: client_id=client_key; an empty one "
            "leaves it out, token. in front means in that request alone.",
            rich_help_panel=TOKENS,
        ),
    ] = None
    use_dpop: Annotated[
        Switch,
        typer.Option(
            "--dpop/--no-dpop", help="Bind tokens to a key (RFC 9449).", rich_help_panel=TOKENS
        ),
    ] = None
    response_rules: Annotated[
        Texts,
        typer.Option(
            "--response-rule",
            metavar="NAME=VALUE",
            help="Where answers keep things: token_path=authed_user.",
            rich_help_panel=TOKENS,
        ),
    ] = None

    revocation_rules: Annotated[
        Texts,
        typer.Option(
            "--revocation-rule",
            metavar="NAME=VALUE",
            help="A revocation that is not RFC 7009: method=DELETE.",
            rich_help_panel=TOKENS,
        ),
    ] = None
    upgrade_rules: Annotated[
        Texts,
        typer.Option(
            "--upgrade-rule",
            metavar="NAME=VALUE",
            help="A second exchange, for a long-lived token: uri=https://....",
            rich_help_panel=TOKENS,
        ),
    ] = None
    identity_rules: Annotated[
        Texts,
        typer.Option(
            "--identity-rule",
            metavar="NAME=VALUE",
            help="How to learn whose account it is: url=/me.",
            rich_help_panel=PLACEMENT,
        ),
    ] = None

    token_placement: Annotated[
        TokenPlacement | None,
        typer.Option(help="Access token placement; header by default.", rich_help_panel=PLACEMENT),
    ] = None
    header_name: Annotated[
        Text,
        typer.Option(
            metavar="NAME",
            help="Header of the token; Authorization by default.",
            rich_help_panel=PLACEMENT,
        ),
    ] = None
    api_headers: Annotated[
        Texts,
        typer.Option(
            "--api-header",
            metavar="'K: V'",
            help="A header of every API request.",
            rich_help_panel=PLACEMENT,
        ),
    ] = None
    api_parameters: Annotated[
        Texts,
        typer.Option(
            "--api-parameter",
            metavar="K=V",
            help="A query parameter of every API request.",
            rich_help_panel=PLACEMENT,
        ),
    ] = None
    renewal_margin: Annotated[
        Text,
        typer.Option(
            metavar="SPAN", help="Renew so long before the end: 30s.", rich_help_panel=PLACEMENT
        ),
    ] = None
    refresh_idle_lifetime: Annotated[
        Text,
        typer.Option(
            metavar="SPAN",
            help="An unused refresh token dies then: 720h.",
            rich_help_panel=PLACEMENT,
        ),
    ] = None
    token_name: Annotated[
        Text,
        typer.Option(
            metavar="WORD", help="Token name: the word before the token.", rich_help_panel=PLACEMENT
        ),
    ] = None
    query_name: Annotated[
        Text,
        typer.Option(
            metavar="NAME", help="Query parameter of the token.", rich_help_panel=PLACEMENT
        ),
    ] = None
    base_url: Annotated[
        Text,
        typer.Option(
            metavar="URI", help="Where relative request URLs start.", rich_help_panel=PLACEMENT
        ),
    ] = None
    expired_statuses: Annotated[
        Texts,
        typer.Option(
            "--expired-status",
            metavar="NUMBER",
            help="Besides 401, means: the token has expired.",
            rich_help_panel=PLACEMENT,
        ),
    ] = None
    expired_body_matches: Annotated[
        Texts,
        typer.Option(
            "--expired-body-match",
            metavar="TEXT",
            help="A text in answers that means the same.",
            rich_help_panel=PLACEMENT,
        ),
    ] = None
    rate_limit: Annotated[
        Text,
        typer.Option(
            metavar="N/TIME",
            help="Requests in a time: 100/60s; off follows no limit.",
            rich_help_panel=PLACEMENT,
        ),
    ] = None

    algorithm: Annotated[
        Text,
        typer.Option(metavar="NAME", help="RS256, PS256, ES256, EdDSA.", rich_help_panel=ASSERTION),
    ] = None
    key_id: Annotated[
        Text, typer.Option(metavar="ID", help="kid of the key.", rich_help_panel=ASSERTION)
    ] = None
    assertion_issuer: Annotated[
        Text,
        typer.Option(
            metavar="TEXT", help="iss; the client ID by default.", rich_help_panel=ASSERTION
        ),
    ] = None
    assertion_subject: Annotated[
        Text,
        typer.Option(metavar="TEXT", help="sub: the user to act for.", rich_help_panel=ASSERTION),
    ] = None
    assertion_audience: Annotated[
        Text,
        typer.Option(metavar="TEXT", help="aud; the issuer by default.", rich_help_panel=ASSERTION),
    ] = None
    scope_in_assertion: Annotated[
        Switch,
        typer.Option(
            "--scope-in-assertion/--scope-in-request",
            help="Where the scopes go.",
            rich_help_panel=ASSERTION,
        ),
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
