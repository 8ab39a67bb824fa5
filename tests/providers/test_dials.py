"""Every dial of an app: a service that demands it is satisfied by it, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from grantline.errors import GrantlineError
from grantline.oauth.app.app_rules import (
    IdentityRules,
    Input,
    RevocationRules,
    RevokedToken,
    UpgradeRules,
)
from grantline.oauth.app.request_choices import (
    ClientAuthentication,
    RequestMethod,
    TokenRequestFormat,
)
from grantline.oauth.app.response_rules import LifetimeUnit, ResponseRules
from grantline.oauth.app.settings import AppSettings, FlowType, Pkce, TokenPlacement
from tests.providers.life import CLIENT_ID, Stage, live, simulated

PLAIN = AppSettings(
    client_id=CLIENT_ID,
    authorize_uri="https://service.example/authorize",
    token_uri="https://service.example/token",
    revocation_uri="https://service.example/revoke",
    base_url="https://api.service.example/v1",
)
SCOPES = ("read", "write")
CODE = FlowType.AUTHORIZATION_CODE

# Each change of PLAIN that a service may ask for.
DIALS: list[tuple[str, dict[str, Any]]] = [
    ("comma", {"scope_separator": ","}),
    ("plus", {"scope_separator": "+"}),
    ("authorize parameters", {"authorize_parameters": (("access_type", "offline"),)}),
    ("the moment in a parameter", {"authorize_parameters": (("at", "{now}"),)}),
    ("response type", {"response_type": "code id_token"}),
    (
        "parameters after the hash",
        {
            "authorize_uri": "https://service.example/#/oauth/authorize",
            "authorize_in_fragment": True,
        },
    ),
    ("PKCE plain", {"pkce": Pkce.PLAIN}),
    ("PKCE off", {"pkce": Pkce.OFF}),
    ("token parameters", {"token_parameters": (("audience", "a"), ("again", "{state}"))}),
    ("refresh parameters", {"refresh_parameters": (("client_id_again", "{client_id}"),)}),
    ("headers", {"custom_headers": (("X-Client", "grantline"), ("X-At", "{now_ms}"))}),
    ("token headers", {"token_headers": (("X-Key", "{client_secret}"),)}),
    ("refresh headers", {"refresh_headers": (("X-Refresh", "yes"),)}),
    ("JSON", {"token_request_format": TokenRequestFormat.JSON}),
    ("multipart", {"token_request_format": TokenRequestFormat.MULTIPART}),
    ("query", {"token_request_format": TokenRequestFormat.QUERY}),
    (
        "query by POST",
        {
            "token_request_format": TokenRequestFormat.QUERY,
            "token_request_method": RequestMethod.POST,
        },
    ),
    ("PUT", {"token_request_method": RequestMethod.PUT}),
    ("JSON refresh", {"refresh_request_format": TokenRequestFormat.JSON}),
    ("refresh by GET", {"refresh_request_method": RequestMethod.GET}),
    ("refresh URI", {"refresh_uri": "https://service.example/refresh"}),
    ("Basic", {"client_authentication": ClientAuthentication.CLIENT_SECRET_BASIC}),
    ("raw Basic", {"client_authentication": ClientAuthentication.CLIENT_SECRET_BASIC_RAW}),
    ("secret as user", {"client_authentication": ClientAuthentication.CLIENT_SECRET_BASIC_USER}),
    ("public", {"client_authentication": ClientAuthentication.NONE}),
    ("Basic refresh", {"refresh_authentication": ClientAuthentication.CLIENT_SECRET_BASIC}),
    (
        "renamed and left out",
        {
            "parameter_names": (
                ("client_id", "client_key"),
                ("authorize.redirect_uri", "redirect_url"),
                ("token.redirect_uri", ""),
                ("token.code", "auth_code"),
                ("token.grant_type", ""),
                ("revoke.token", "access_token"),
            ),
            "revocation": RevocationRules(token=RevokedToken.ACCESS_TOKEN),
        },
    ),
    (
        "a grant type of its own",
        {
            "parameter_names": (("token.grant_type", ""),),
            "token_parameters": (("grant_type", "own_code"),),
        },
    ),
    ("token in a header", {"header_name": "X-Service-Token", "token_name": ""}),
    ("token word", {"token_name": "Zoho-oauthtoken"}),
    ("token in the query", {"token_placement": TokenPlacement.QUERY, "query_name": "key"}),
    ("token in both", {"token_placement": TokenPlacement.BOTH}),
    ("API headers", {"api_headers": (("Service-Version", "2026-11-29"),)}),
    ("API parameters", {"api_parameters": (("api-version", "7.1"),)}),
    ("code name", {"response": ResponseRules(code_parameter="auth_code")}),
    ("token path", {"response": ResponseRules(token_path="data.tokens")}),
    (
        "own names",
        {
            "response": ResponseRules(
                access_token="token", refresh_token="refreshToken", expires_at="ends", scope="can"
            )
        },
    ),
    ("lifetime name", {"response": ResponseRules(expires_in="access_token_expiration")}),
    (
        "lifetime in minutes",
        {"response": ResponseRules(expires_in="minutes", lifetime_unit=LifetimeUnit.MINUTES)},
    ),
    ("envelope", {"response": ResponseRules(success_field="code", success_values=("0",))}),
    (
        "captured",
        {
            "base_url": "{api}/v1/{realmId}",
            "response": ResponseRules(
                captured_parameters=("api", "realmId"),
                allowed_values=(("api", ("*.service.example",)),),
            ),
        },
    ),
    (
        "identity",
        {
            "base_url": "https://api.service.example/{cloud}",
            "identity": IdentityRules(
                url="https://api.service.example/mine",
                label=("[0].user.email",),
                id="[0].user.id",
                captures=(("cloud", "[0].id"),),
            ),
        },
    ),
    (
        "identity by POST",
        {
            "identity": IdentityRules(
                url="/graphql",
                method=RequestMethod.POST,
                body='{"query": "{ viewer { id } }"}',
                label=("data.viewer.email",),
                id="data.viewer.id",
            )
        },
    ),
    ("identity in the answer", {"identity": IdentityRules(label=("team.name",), id="team.id")}),
    (
        "revocation as an API request",
        {
            "revocation": RevocationRules(
                as_api_request=True,
                method=RequestMethod.DELETE,
                token=RevokedToken.ACCESS_TOKEN,
            )
        },
    ),
    (
        "revocation with JSON and Basic",
        {
            "revocation": RevocationRules(
                format=TokenRequestFormat.JSON,
                authentication=ClientAuthentication.CLIENT_SECRET_BASIC,
                parameters=(("why", "deleted"),),
            )
        },
    ),
    (
        "upgrade, renewed with the access token",
        {
            "upgrade": UpgradeRules(
                uri="https://service.example/upgrade",
                parameters=(("secret", "{client_secret}"), ("token", "{access_token}")),
            ),
            "response": ResponseRules(refresh_with="access_token"),
        },
    ),
    (
        "input",
        {
            "inputs": (Input(name="shop", label="Shop", example="acme"),),
            "authorize_uri": "https://{shop}.shops.example/authorize",
            "token_uri": "https://{shop}.shops.example/token",
            "authorize_parameters": (("shop", "{shop}"),),
        },
    ),
]
# Without these there is nothing that a service could complain about.
SILENT = {
    *("lifetime name", "lifetime in minutes", "envelope", "input", "captured", "identity"),
    *("identity by POST", "identity in the answer", "upgrade, renewed with the access token"),
}


def settings_with(changes: dict[str, Any]) -> AppSettings:
    return replace(PLAIN, **changes)


@pytest.mark.parametrize(("name", "changes"), DIALS, ids=[name for name, _ in DIALS])
async def test_a_service_that_demands_it_is_satisfied(
    stage: Stage, name: str, changes: dict[str, Any]
) -> None:
    settings = settings_with(changes)
    service = simulated(settings, CODE, SCOPES, stage.clock)

    await live(stage, name.replace(",", ""), settings, service)

    assert service.complaints == []


@pytest.mark.parametrize(
    ("name", "changes"),
    [dial for dial in DIALS if dial[0] not in SILENT],
    ids=[name for name, _ in DIALS if name not in SILENT],
)
async def test_a_client_without_it_meets_a_complaint(
    stage: Stage, name: str, changes: dict[str, Any]
) -> None:
    service = simulated(settings_with(changes), CODE, SCOPES, stage.clock)

    with pytest.raises((GrantlineError, AssertionError, KeyError)):  # noqa: PT012 - any of it
        await live(stage, f"without {name.replace(',', '')}", PLAIN, service)
        assert service.complaints == []


@pytest.mark.parametrize(
    ("flow", "changes"),
    [
        (FlowType.CLIENT_CREDENTIALS, {}),
        (
            FlowType.CLIENT_CREDENTIALS,
            {
                "parameter_names": (("token.grant_type", ""),),
                "token_parameters": (("grant_type", "account_credentials"),),
            },
        ),
        (FlowType.PASSWORD, {}),
        (FlowType.DEVICE, {"device_authorization_uri": "https://service.example/device"}),
        (
            FlowType.LOGIN,
            {
                "token_request_format": TokenRequestFormat.JSON,
                "token_parameters": (("user", "{username}"), ("pass", "{password}")),
                "response": ResponseRules(
                    access_token="session.token", default_lifetime=timedelta(hours=1)
                ),
                "revocation_uri": "",
            },
        ),
    ],
)
async def test_every_flow_gets_its_token(
    stage: Stage, flow: FlowType, changes: dict[str, Any]
) -> None:
    settings = settings_with(changes)
    service = simulated(settings, flow, SCOPES, stage.clock)

    await live(stage, f"{flow} {len(changes)}", settings, service)

    assert service.complaints == []


async def test_a_refresh_without_a_token_in_its_answer_keeps_the_old_one(stage: Stage) -> None:
    rules = ResponseRules(keeps_token=True, success_field="result", success_values=("0000",))
    settings = settings_with({"response": rules})
    service = simulated(settings, CODE, SCOPES, stage.clock)

    await live(stage, "keeps", settings, service)

    assert service.complaints == []
    assert "refresh" in service.seen
