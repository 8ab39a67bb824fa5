from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grantline.connections.rules import (
    URI_FIELDS,
    check_hosts,
    check_name,
    check_scopes,
    check_settings,
)
from grantline.errors import InvalidInput
from grantline.oauth.app.app_rules import UpgradeRules
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType, TokenPlacement
from grantline.oauth.jwt import new_ec_key
from grantline.secret import Secret

HERE = "https://a.example"
APP = AppSettings(
    client_id="c",
    authorize_uri=HERE + "/authorize",
    token_uri=HERE + "/token",
    device_authorization_uri=HERE + "/device",
    pushed_authorization_uri=HERE + "/par",
    assertion=AssertionSettings(algorithm="ES256"),
)
SECRETS = ClientSecrets(client_secret=Secret("s"), private_key=new_ec_key(b"k" * 48))
CODE = FlowType.AUTHORIZATION_CODE


@pytest.mark.parametrize("flow", FlowType)
def test_an_app_with_everything_serves_every_flow(flow: FlowType) -> None:
    check_settings(APP, flow, SECRETS)


@pytest.mark.parametrize(
    ("flow", "change", "field"),
    [
        (CODE, {"client_id": ""}, "Client ID"),
        (CODE, {"authorize_uri": ""}, "Authorize URI"),
        (FlowType.IMPLICIT, {"authorize_uri": ""}, "Authorize URI"),
        (FlowType.DEVICE, {"device_authorization_uri": ""}, "Device authorization URI"),
        (CODE, {"use_par": True, "pushed_authorization_uri": ""}, "Pushed authorization URI"),
        *[
            (flow, {"token_uri": ""}, "Token URI")
            for flow in FlowType
            if flow is not FlowType.IMPLICIT
        ],
        (CODE, {"authorize_parameters": (("client_id", "x"),)}, "Authorize parameters"),
        (CODE, {"token_parameters": (("code", "x"),)}, "Access token parameters"),
        (CODE, {"refresh_parameters": (("grant_type", "x"),)}, "Refresh token parameters"),
        (CODE, {"custom_headers": (("A B", "x"),)}, "Custom headers"),
        (CODE, {"custom_headers": (("A", "x\r\ny"),)}, "Custom headers"),
        (CODE, {"token_name": "a b"}, "Token name"),
        (
            CODE,
            {"use_dpop": True, "token_placement": TokenPlacement.QUERY},
            "Access token placement",
        ),
    ],
)
def test_a_setting_that_cannot_work_is_named_as_the_form_names_it(
    flow: FlowType, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_settings(replace(APP, **change), flow, SECRETS)
    assert caught.value.field == field


@pytest.mark.parametrize("flow", FlowType)
@pytest.mark.parametrize(("name", "label"), URI_FIELDS.items())
@pytest.mark.parametrize(
    "uri",
    [
        "x",
        "http://a.example/x",
        "javascript:alert(1)",
        "https://user@a.example/x",
        "https://a.example/x#f",
        "https://a.example/\nx",
    ],
)
def test_a_uri_that_cannot_be_used_is_refused_whichever_flow_uses_it(
    flow: FlowType, name: str, label: str, uri: str
) -> None:
    change: dict[str, Any] = {name: uri}
    if name == "upgrade.uri":
        change = {"upgrade": UpgradeRules(uri=uri)}
    with pytest.raises(InvalidInput) as caught:
        check_settings(replace(APP, **change), flow, SECRETS)
    assert caught.value.field == label


@pytest.mark.parametrize(
    ("method", "field"),
    [
        (ClientAuthentication.CLIENT_SECRET_BASIC, "Client secret"),
        (ClientAuthentication.CLIENT_SECRET_BASIC_RAW, "Client secret"),
        (ClientAuthentication.CLIENT_SECRET_JWT, "Client secret"),
        (ClientAuthentication.PRIVATE_KEY_JWT, "Private key"),
        (ClientAuthentication.TLS_CLIENT_AUTH, "Client certificate"),
    ],
)
def test_a_method_without_its_secret_is_refused(method: ClientAuthentication, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_settings(replace(APP, client_authentication=method), CODE, ClientSecrets())
    assert caught.value.field == field


@pytest.mark.parametrize(
    "name", ["Gmail", "a", "my mail 2", "Привет", "team/ada@work", "x" * 100, "1.2_3-4+5"]
)
def test_a_name_is_what_people_type(name: str) -> None:
    assert check_name(name, field="Connection name") == name


@pytest.mark.parametrize(
    "name", ["", " ", " a", "a ", "-a", "a\n", "a\tb", "a:b", "con_1", "app_x", "x" * 101, "a\x00"]
)
def test_a_name_that_shells_or_people_trip_over_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_name(name, field="App name")
    assert caught.value.field == "App name"


@pytest.mark.parametrize("name", ["", "  "])
def test_a_name_that_is_missing_is_asked_for(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^Connection name is empty"):
        check_name(name, field="Connection name")


@pytest.mark.parametrize("scope", ["", "a b", 'a"b', "a\\b", "é", "a\n"])
def test_a_scope_is_one_token(scope: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_scopes(("good", scope))
    assert caught.value.field == "Scopes"


def test_a_scope_is_asked_for_once() -> None:
    asked = ("https://x.example/auth/mail", "b", "https://x.example/auth/mail")
    assert check_scopes(asked) == ("https://x.example/auth/mail", "b")


def test_without_hosts_the_base_url_names_the_first() -> None:
    assert check_hosts((), base_url="https://API.example.com/v1") == ("api.example.com",)
    assert check_hosts((), base_url="") == ()
    assert check_hosts(("b.example.com", "A.example.com"), base_url="x") == (
        "a.example.com",
        "b.example.com",
    )


@pytest.mark.parametrize(
    "host", ["*.com", "*.co.uk", "*.github.io", "*", "a b", "https://x.example"]
)
def test_a_host_list_covers_nobody_else(host: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_hosts((host,), base_url="")
    assert caught.value.field == "Hosts"
