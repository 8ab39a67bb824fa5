"""A connection of each flow type is created in the form, and a request is made with it."""

from __future__ import annotations

import httpx2
import pytest
from playwright.sync_api import expect

from grantline.oauth.jwt import new_ec_key, public_jwk
from grantline.testing.authorization_server import DEMO_PASSWORD, DEMO_USERNAME
from tests.browser.owner import Owner, allow_at_demo, deny_at_demo


def answers_with_its_token(owner: Owner, name: str) -> None:
    owner.make_request(name, "/me")
    owner.press("Run")
    owner.sees_status("200")


def test_authorization_code_asks_in_a_window_and_the_page_notices_by_itself(owner: Owner) -> None:
    owner.connect_demo("code")
    answers_with_its_token(owner, "code")


def test_another_account_is_connected_through_the_same_app(owner: Owner) -> None:
    owner.connect_demo("first account")
    page = owner.open("/connections/new")
    owner.field("Search services and your apps").fill("first account")
    page.get_by_role("link", name="first account").click()
    expect(owner.field("Connection name")).to_have_value("first account-2")
    owner.in_window(lambda: owner.press("Save and connect"), allow_at_demo)
    owner.sees_connected("first account-2")
    answers_with_its_token(owner, "first account-2")


def test_implicit_hands_its_token_over_from_the_fragment(owner: Owner) -> None:
    owner.demo_form("implicit", "Implicit (legacy)")
    expect(owner.page.get_by_text("cannot be renewed without you")).to_be_visible()
    owner.in_window(lambda: owner.press("Save and connect"), allow_at_demo)
    owner.sees_connected("implicit")
    answers_with_its_token(owner, "implicit")


def test_client_credentials_ask_nobody(owner: Owner) -> None:
    owner.demo_form("machine", "Client credentials")
    owner.press("Save and connect")
    owner.sees_connected("machine")
    answers_with_its_token(owner, "machine")


def test_password_is_sent_once_it_was_typed(owner: Owner) -> None:
    owner.demo_form("password", "Password (legacy)")
    owner.field("User name").fill(DEMO_USERNAME)
    owner.field("Password").fill(DEMO_PASSWORD)
    owner.press("Save and connect")
    owner.sees_connected("password")
    answers_with_its_token(owner, "password")


def test_device_code_is_shown_with_a_picture_and_waited_for(owner: Owner) -> None:
    owner.demo_form("device", "Device code")
    owner.press("Save and connect")
    expect(owner.page.locator(".qr svg")).to_be_visible()
    with owner.page.expect_popup() as opened:
        owner.page.get_by_role("link", name="Open it here").click()
    opened.value.get_by_role("button", name="Allow").click()
    owner.sees_connected("device")
    answers_with_its_token(owner, "device")


def test_jwt_bearer_signs_its_way_in_with_a_key_that_was_pasted(owner: Owner) -> None:
    key = new_ec_key(b"a key for the browser" * 3)
    public = {**public_jwk(key, algorithm="ES256", field="key"), "kid": "k1"}
    registration = {"jwks": {"keys": [public]}, "token_endpoint_auth_method": "none"}
    client = httpx2.post(f"{owner.app.demo_url}/register", json=registration).json()

    owner.demo_form("robot", "JWT bearer (service account)")
    owner.field("Client ID").fill(client["client_id"])
    owner.field("Client secret").fill("")
    owner.field("Private key").fill(key.reveal())
    owner.page.get_by_text("Advanced settings").click()
    owner.field("Client authentication").select_option(label="None: a public client")
    owner.field("Algorithm").fill("ES256")
    owner.field("Key ID").fill("k1")
    owner.press("Save and connect")
    owner.sees_connected("robot")
    answers_with_its_token(owner, "robot")


@pytest.mark.parametrize("flow", ["Authorization code", "Implicit (legacy)"])
def test_a_refusal_leads_to_a_page_that_says_so_and_offers_to_ask_again(
    owner: Owner, flow: str
) -> None:
    name = f"refused {flow[:8].lower()}"
    owner.demo_form(name, flow)
    owner.in_window(lambda: owner.press("Save and connect"), deny_at_demo)
    doctor = owner.page.get_by_role("region", name="What is wrong, and what helps")
    expect(doctor).to_contain_text("access_denied")
    owner.in_window(doctor.get_by_role("button").first.click, allow_at_demo)
    owner.sees_connected(name)
