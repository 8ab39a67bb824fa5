"""An installation's first visitors: the owner, and later the owner again."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.owner import NAME, PASSWORD, Owner
from tests.browser.serving import serving, visiting


def test_the_owner_is_set_up_signs_out_and_signs_in_where_he_wanted_to_go(
    browser: Browser, tmp_path: Path
) -> None:
    with serving(tmp_path) as app, visiting(browser) as context:
        owner = Owner(context.new_page(), app)
        page = owner.page
        owner.set_up()
        owner.open("/connections")
        expect(page.get_by_role("heading", name="Connect a service once")).to_be_visible()
        expect(page.get_by_role("link", name="Try it with the demo service")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        owner.open("/history")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        owner.field("Name").fill(NAME)
        owner.field("Password").fill("not the password")
        owner.press("Sign in")
        expect(page.get_by_role("alert")).to_be_visible()
        expect(owner.field("Name")).to_have_value(NAME)
        owner.field("Password").fill(PASSWORD)
        owner.press("Sign in")
        expect(page).to_have_url(f"{app.url}/history")
