"""Creating a connection in the form."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest

from grantline.connections.engine import LOCAL
from grantline.oauth.app.settings import FlowType
from grantline.providers.catalogue import profile
from tests.server.conftest import Site

JSON = {"Accept": "application/json"}


def filled(site: Site, **changes: Any) -> dict[str, Any]:
    """The form as a person fills it in for the world's server."""
    server = site.world.server
    return {
        "name": "shop",
        "flow": "authorization-code",
        "authorize_uri": server.authorize_uri,
        "token_uri": server.token_uri,
        "device_authorization_uri": server.device_authorization_uri,
        "client_id": server.client.client_id,
        "client_secret": server.client.client_secret,
        "scopes": "profile orders",
        "base_url": server.api_url,
        **changes,
    }


async def test_one_begins_with_a_service_an_issuer_or_by_hand(site: Site) -> None:
    text = (await site.get("/connections/new")).text
    for words in ("Google", "Demo service", "Issuer URL", "by hand"):
        assert words in text


async def test_the_labels_are_those_that_people_know(site: Site) -> None:
    text = (await site.get("/connections/new?by=hand")).text
    for label in (
        *("Connection name", "Flow type", "Authorize URI", "Token URI", "Scopes", "Client ID"),
        *("Client secret", "Scope separator", "Authorize parameters", "Access token parameters"),
        *("Refresh token parameters", "Custom headers", "Access token placement", "Token name"),
        *("Query parameter name", "Client authentication", "PKCE", "Base URL", "Hosts"),
    ):
        assert f">{label}</l" in text, label


async def test_a_catalogue_entry_fills_the_form(site: Site) -> None:
    text = unescape((await site.get("/connections/new?provider=google")).text)
    assert "https://accounts.google.com/o/oauth2/v2/auth" in text
    assert 'value="access_type"' in text
    entry = profile("google")
    for words in (*entry.steps, *entry.scopes.values(), *(trap.next for trap in entry.traps)):
        assert words in text
    assert "/oauth/callback/" in text


async def test_discovery_fills_the_form_and_says_with_what(site: Site) -> None:
    form = {"discover": site.world.server.issuer, "name": "kept", "flow": "authorization-code"}
    answer = await site.post("/connections/new/discover", form)
    assert "Filled in: Authorize URI" in answer.text
    assert f'value="{site.world.server.token_uri}"' in answer.text
    assert 'value="kept"' in answer.text


async def test_an_issuer_that_says_nothing_is_said_beside_its_field(site: Site) -> None:
    answer = await site.post("/connections/new/discover", {"discover": "no url"})
    assert answer.status_code == 422
    assert 'href="#field-issuer-url"' in answer.text
    assert 'value="no url"' in answer.text


async def test_saving_creates_a_draft_and_leads_to_consent(site: Site) -> None:
    answer = await site.post("/connections/new", filled(site))
    made = await site.world.engine.find(LOCAL, "shop")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/connections/{made.id}/consent?generation=0")
    assert made.scopes == ("profile", "orders")
    assert made.hosts == ("127.0.0.1",)


async def test_a_script_gets_the_address_to_open(site: Site) -> None:
    answer = await site.post("/connections/new", filled(site), headers=JSON)
    told = answer.json()
    assert told["open"].startswith(site.world.server.authorize_uri)
    assert "/consent?" in told["next"]


async def test_the_way_back_to_the_request_goes_along(site: Site) -> None:
    form = filled(site, flow="client-credentials", return_to="/requests/new?url=%2Fme")
    answer = await site.post("/connections/new", form)
    made = await site.world.engine.find(LOCAL, "shop")
    assert answer.headers["location"] == f"/requests/new?url=%2Fme&connection={made.id}"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil"])
async def test_nobody_is_led_elsewhere(site: Site, elsewhere: str) -> None:
    form = filled(site, flow="client-credentials", return_to=elsewhere)
    answer = await site.post("/connections/new", form)
    assert answer.headers["location"].startswith("/connections/con_")


async def test_a_flow_without_a_person_is_authorized_at_once(site: Site) -> None:
    form = filled(site, flow="client-credentials")
    answer = await site.post("/connections/new", form, follow_redirects=True)
    assert "“shop” is connected." in answer.text
    assert (await site.world.engine.find(LOCAL, "shop")).state.value == "authorized"


async def test_a_password_is_asked_for_by_its_flow_alone(site: Site) -> None:
    demo = site.settings.demo
    assert demo is not None
    form = filled(site, flow="password", username=demo.username, password=demo.password.reveal())
    await site.post("/connections/new", form)
    made = await site.world.engine.find(LOCAL, "shop")
    assert (made.flow, made.state.value) == (FlowType.PASSWORD, "authorized")


async def test_a_wrong_secret_leads_to_the_doctor(site: Site) -> None:
    form = filled(site, flow="client-credentials", client_secret="wrong")
    answer = await site.post("/connections/new", form, follow_redirects=True)
    assert "client ID or secret" in answer.text
    assert "What helps" in answer.text


async def test_what_is_wrong_is_said_beside_each_field_and_once_at_the_top(site: Site) -> None:
    form = filled(site, authorize_uri="ftp://x", client_id="", scopes="read", name=" odd ")
    answer = await site.post("/connections/new", form)
    assert answer.status_code == 422
    assert "3 fields need another look" in answer.text
    for field in ("connection-name", "authorize-uri", "client-id"):
        assert f'href="#field-{field}"' in answer.text
        assert f'id="field-{field}-help"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 3


async def test_nothing_typed_is_lost_but_secrets_are_asked_again(site: Site) -> None:
    form = filled(
        site,
        client_id="",
        client_secret="my-secret",
        private_key="my-key",
        authorize_parameters_key=["a", ""],
        authorize_parameters_value=["1", "2"],
        **{"response.token_path": "data"},
    )
    text = (await site.post("/connections/new", form)).text
    for value in ("shop", "profile", "orders", "data", site.world.server.token_uri):
        assert f'value="{value}"' in text
    assert 'name="authorize_parameters_value" type="text" value="2"' in text
    assert "secrets are asked for again" in text
    assert "my-secret" not in text
    assert "my-key" not in text


async def test_a_mistake_in_an_advanced_setting_opens_them(site: Site) -> None:
    answer = await site.post("/connections/new", filled(site, expired_statuses="x"))
    assert '<details class="advanced" open>' in answer.text


async def test_a_rule_of_the_engine_finds_its_field(site: Site) -> None:
    form = filled(site, authorize_parameters_key="state", authorize_parameters_value="x")
    answer = await site.post("/connections/new", form)
    assert "which Grantline sets itself" in unescape(answer.text)
    assert 'href="#field-authorize-parameters"' in answer.text


async def test_a_name_that_is_taken_is_said(site: Site) -> None:
    await site.world.draft("shop")
    answer = await site.post("/connections/new", filled(site))
    assert "Another connection has this name." in answer.text


async def test_the_name_of_a_renamed_connection_is_free_again(site: Site) -> None:
    await site.world.draft("shop")
    await site.post(
        f"/connections/{(await site.world.engine.find(LOCAL, 'shop')).id}/rename", {"name": "older"}
    )
    answer = await site.post("/connections/new", filled(site))
    assert answer.status_code == 303


async def test_the_preview_shows_what_will_be_sent_and_the_redirect_uri(site: Site) -> None:
    part = await site.post("/connections/preview", filled(site, pkce="plain"))
    text = unescape(part.text)
    assert site.world.server.authorize_uri in text
    assert "scope=profile%20orders" in text
    assert "Authorization: Bearer •••" in text
    assert "PKCE plain shows the proof" in text
    assert 'id="redirect-uri"' in text
    assert f"{site.settings.public_url}/oauth/callback/" in text
    assert "1 changed" not in text
    assert site.world.server.client.client_secret not in text


async def test_before_both_uris_are_known_the_redirect_uri_is_promised(site: Site) -> None:
    part = await site.post("/connections/preview", filled(site, token_uri=""))
    assert "as soon as both URIs are known" in part.text
    assert "Token URI is empty." in part.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hosts": "*.example.com"}, "every host under example.com"),
        ({"token_placement": "query"}, "in the service's logs"),
        ({"pkce": "off"}, "stolen authorization code"),
        ({"redirect_uri": "http://127.0.0.1:8080/oauth/callback"}, "all services share"),
    ],
)
async def test_a_dangerous_choice_says_what_it_costs(
    site: Site, changes: dict[str, str], words: str
) -> None:
    part = await site.post("/connections/preview", filled(site, **changes))
    assert words in unescape(part.text)


async def test_a_device_code_is_asked_for_on_saving(site: Site) -> None:
    answer = await site.post("/connections/new", filled(site, flow="device"), headers=JSON)
    told = json.loads(answer.text)
    assert told["open"] == ""
    page = await site.get(told["next"])
    assert "Enter this code" in page.text
    assert "<svg" in page.text


async def test_another_account_reuses_an_app_and_registers_nothing(site: Site) -> None:
    world = site.world
    first = await world.draft("shop", new={"hosts": ("127.0.0.1", "api.example")})
    begin = unescape((await site.get("/connections/new")).text)
    assert "Another account, with an app you have" in begin
    assert f'href="/connections/new?app={first.app.id}"' in begin

    form = (await site.get(f"/connections/new?app={first.app.id}")).text
    assert 'value="shop-2"' in form
    assert "api.example" in form
    assert "Client ID</label>" not in form
    assert "Advanced settings" not in form

    asked = {"app": first.app.id, "name": "shop-2", "flow": "authorization-code"}
    asked |= {"scopes": "profile", "hosts": "127.0.0.1"}
    preview = unescape((await site.post("/connections/preview", asked)).text)
    assert world.server.authorize_uri in preview
    assert "Redirect URI</p>" not in preview

    answer = await site.post("/connections/new", asked)
    made = await world.engine.find(LOCAL, "shop-2")
    assert answer.headers["location"].startswith(f"/connections/{made.id}/consent?")
    assert made.app.id == first.app.id
    assert made.scopes == ("profile",)

    again = await site.post("/connections/new", asked)
    assert again.status_code == 422
    assert "Another connection has this name." in again.text
    assert f'name="app" value="{first.app.id}"' in again.text


async def test_of_many_apps_the_first_show_and_a_search_finds_the_others(site: Site) -> None:
    for number in range(12):
        await site.world.draft(f"app {number:02}")
    begin = unescape((await site.get("/connections/new")).text)
    assert "2 more: search above." in begin
    assert "app 10" not in begin
    found = (await site.get("/connections/new?find=P+11")).text
    assert "app 11" in found
    assert "GitHub" not in found
    assert "GitHub" in (await site.get("/connections/new?find=gITh")).text
    nothing = unescape((await site.get("/connections/new?find=zzz")).text)
    assert "The catalogue has nothing for “zzz”." in nothing


async def test_an_app_of_others_is_not_there(site: Site) -> None:
    assert (await site.get("/connections/new?app=app_of_others")).status_code == 404
    asked = {"app": "app_of_others", "name": "x", "flow": "authorization-code"}
    assert (await site.post("/connections/new", asked)).status_code == 404


def of_microsoft(**changes: Any) -> dict[str, Any]:
    """The form of a catalogue entry that asks for a tenant, as its page sends it."""
    entry = profile("microsoft")
    return {
        "name": "mail",
        "provider": "microsoft",
        "flow": "authorization-code",
        "authorize_uri": entry.settings["authorize_uri"],
        "token_uri": entry.settings["token_uri"],
        "base_url": entry.settings["base_url"],
        "client_id": "an-id",
        "client_secret": "a secret",
        "scopes": " ".join(entry.default_scopes),
        "hosts": " ".join(entry.hosts),
        "input.tenant": "contoso",
        "identity.url": entry.settings["identity"]["url"],
        **changes,
    }


async def test_what_an_entry_asks_of_each_connection_is_a_field_of_its_own(site: Site) -> None:
    text = unescape((await site.get("/connections/new?provider=microsoft")).text)

    assert 'name="input.tenant"' in text
    assert 'value="common"' in text


async def test_what_was_typed_for_it_is_used_and_can_be_edited(site: Site) -> None:
    await site.post("/connections/new", of_microsoft())

    made = await site.world.engine.find(LOCAL, "mail")
    assert made.inputs == {"tenant": "contoso"}
    assert made.account_label == ""
    held = await site.world.engine.context.hold(LOCAL, made.id)
    assert held.settings.token_uri.startswith("https://login.microsoftonline.com/contoso/")
    assert held.settings.identity.url == "/me"
    text = (await site.get(f"/connections/{made.id}/edit")).text
    assert 'value="contoso"' in text


async def test_an_input_that_does_not_fit_is_named_by_its_label(site: Site) -> None:
    answer = await site.post("/connections/new", of_microsoft(**{"input.tenant": "con/toso"}))

    assert answer.status_code == 422
    assert 'href="#field-tenant"' in answer.text
    assert "does not look right" in answer.text


async def test_the_preview_shows_what_the_inputs_make_of_the_addresses(site: Site) -> None:
    text = (await site.post("/connections/preview", of_microsoft())).text

    assert "login.microsoftonline.com/contoso/oauth2" in text
