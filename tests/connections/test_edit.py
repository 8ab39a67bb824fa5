from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from grantline.connections.edit import (
    ENDPOINT_FIELDS,
    FREE,
    Cost,
    Price,
    price_of_grant,
    price_of_settings,
)
from grantline.oauth.app.app_rules import (
    IdentityRules,
    Input,
    RevocationRules,
    UpgradeRules,
)
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import (
    ClientAuthentication,
    RequestMethod,
    TokenRequestFormat,
)
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings, FlowType, Pkce, TokenPlacement
from tests.connections.settings_values import APP_SETTINGS

HERE = "https://a.example"
THERE = "https://b.example/x"
APP = AppSettings(
    client_id="c",
    issuer=HERE,
    authorize_uri=HERE + "/authorize",
    token_uri=HERE + "/token",
    revocation_uri=HERE + "/revoke",
    resources=("https://api.example/",),
)


def _dear(name: str) -> Price:
    return Price(Cost.REAUTHORIZATION, secret_required=True, reasons=(name,))


# Every field of AppSettings, each changed in the ways that matter, and what that costs.
PRICES: list[tuple[str, Any, Price]] = [
    ("client_id", "other", _dear("client_id")),
    ("issuer", THERE, _dear("issuer")),
    ("token_uri", THERE, _dear("token_uri")),
    ("token_uri", HERE + "/other", _dear("token_uri")),
    ("refresh_uri", THERE, _dear("refresh_uri")),
    ("refresh_uri", HERE + "/refresh", _dear("refresh_uri")),
    ("authorize_uri", THERE, Price(Cost.REAUTHORIZATION, reasons=("authorize_uri",))),
    ("use_dpop", True, Price(Cost.REAUTHORIZATION, reasons=("use_dpop",))),
    ("device_authorization_uri", THERE, _dear("device_authorization_uri")),
    ("device_authorization_uri", HERE + "/device", FREE),
    ("revocation_uri", THERE, _dear("revocation_uri")),
    ("revocation_uri", HERE + "/other", FREE),
    ("revocation_uri", HERE + ":8443/other", _dear("revocation_uri")),
    ("revocation_uri", "", FREE),
    ("introspection_uri", THERE, _dear("introspection_uri")),
    ("introspection_uri", HERE + "/introspect", FREE),
    ("pushed_authorization_uri", THERE, _dear("pushed_authorization_uri")),
    ("pushed_authorization_uri", HERE + "/par", FREE),
    ("resources", ("https://api.example/", "x"), Price(Cost.CONSENT, reasons=("resources",))),
    ("resources", (), FREE),
    # Nothing secret goes to these, or nothing that the old server did not see.
    ("jwks_uri", THERE, FREE),
    ("redirect_uri", THERE, FREE),
    ("base_url", THERE, FREE),
    ("scope_separator", ",", FREE),
    ("authorize_parameters", (("a", "b"),), FREE),
    ("token_parameters", (("a", "b"),), FREE),
    ("refresh_parameters", (("a", "b"),), FREE),
    ("custom_headers", (("A", "b"),), FREE),
    ("client_authentication", ClientAuthentication.CLIENT_SECRET_BASIC, FREE),
    ("refresh_authentication", ClientAuthentication.NONE, FREE),
    ("token_request_format", TokenRequestFormat.JSON, FREE),
    ("parameter_names", (("client_id", "client_key"),), FREE),
    ("pkce", Pkce.OFF, FREE),
    ("use_par", True, FREE),
    ("expect_iss", True, FREE),
    ("token_placement", TokenPlacement.QUERY, FREE),
    ("token_name", "Token", FREE),
    ("query_name", "key", FREE),
    ("expired_statuses", (403,), FREE),
    ("expired_body_matches", ("expired",), FREE),
    ("refresh_grace", timedelta(minutes=1), FREE),
    ("assertion", AssertionSettings(key_id="k"), FREE),
    ("response", ResponseRules(token_path="data"), FREE),
    ("inputs", (Input(name="shop", label="Shop"),), FREE),
    ("authorize_in_fragment", True, FREE),
    ("response_type", "code id_token", FREE),
    ("token_headers", (("A", "b"),), FREE),
    ("refresh_headers", (("A", "b"),), FREE),
    ("refresh_request_format", TokenRequestFormat.JSON, FREE),
    ("token_request_method", RequestMethod.GET, FREE),
    ("refresh_request_method", RequestMethod.GET, FREE),
    ("header_name", "X-Token", FREE),
    ("api_headers", (("A", "b"),), FREE),
    ("api_parameters", (("a", "b"),), FREE),
    ("renewal_margin", timedelta(seconds=30), FREE),
    ("rate_limit", "100/60s", FREE),
    ("refresh_idle_lifetime", timedelta(days=30), FREE),
    # The list of hosts holds for it, as for every API request.
    ("identity", IdentityRules(url=THERE), FREE),
    ("revocation", RevocationRules(as_api_request=True), FREE),
    ("upgrade", UpgradeRules(uri=HERE + "/upgrade"), FREE),
    ("upgrade", UpgradeRules(uri=THERE), _dear("upgrade.uri")),
]


@pytest.mark.parametrize(("name", "value", "price"), PRICES)
def test_every_edit_has_its_price(name: str, value: Any, price: Price) -> None:
    assert price_of_settings(APP, replace(APP, **{name: value})) == price


def test_the_table_knows_every_field() -> None:
    assert {name for name, _, _ in PRICES} == {each.name for each in fields(AppSettings)}


@given(APP_SETTINGS)
def test_what_stays_as_it_is_costs_nothing(settings: AppSettings) -> None:
    # An app with other URIs is never written (`check_uris`).
    names = [name for name in ("token_uri", *ENDPOINT_FIELDS) if "." not in name]
    usable: dict[str, Any] = dict.fromkeys(names, THERE)
    settings = replace(settings, **usable, upgrade=UpgradeRules(uri=THERE))
    assert price_of_settings(settings, replace(settings)) == FREE


def test_an_endpoint_may_move_to_any_origin_that_saw_the_secret_before() -> None:
    app = replace(APP, introspection_uri="https://b.example/introspect")
    moved = replace(app, revocation_uri="https://b.example/revoke")
    assert price_of_settings(app, moved) == FREE


def test_two_edits_cost_the_dearer_and_name_both() -> None:
    edited = replace(APP, client_id="other", resources=("x",))
    assert price_of_settings(APP, edited) == Price(
        Cost.REAUTHORIZATION, secret_required=True, reasons=("client_id", "resources")
    )


@pytest.mark.parametrize(
    ("flow", "scopes", "price"),
    [
        (FlowType.AUTHORIZATION_CODE, ("a", "b"), FREE),
        (FlowType.AUTHORIZATION_CODE, ("b", "a"), FREE),
        (FlowType.AUTHORIZATION_CODE, ("a",), FREE),
        (FlowType.AUTHORIZATION_CODE, (), FREE),
        (
            FlowType.AUTHORIZATION_CODE,
            ("a", "b", "c"),
            Price(Cost.CONSENT, reasons=("scopes",)),
        ),
        (FlowType.DEVICE, ("a", "b"), Price(Cost.REAUTHORIZATION, reasons=("flow",))),
        (FlowType.DEVICE, ("c",), Price(Cost.REAUTHORIZATION, reasons=("flow", "scopes"))),
    ],
)
def test_more_scopes_cost_a_consent_and_another_flow_an_authorization(
    flow: FlowType, scopes: tuple[str, ...], price: Price
) -> None:
    old = FlowType.AUTHORIZATION_CODE
    assert price_of_grant(old, flow, ("a", "b"), scopes) == price
