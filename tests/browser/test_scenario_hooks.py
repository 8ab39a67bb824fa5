"""The address of a webhook in a real browser: replaced only by who was asked and says so."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.owner import Owner
from tests.browser.test_accessibility import serious

HOOKED = """
grantline: 1
name: Orders
trigger: {webhook: {}}
modules:
  - id: 1
    sleep: {span: "1"}
"""


def test_a_new_address_is_given_after_a_question_and_fits_a_phone(owner: Owner) -> None:
    page = owner.open("/scenarios/import")
    page.get_by_label("Or paste it").fill(HOOKED)
    owner.press("Import")
    page.wait_for_url("**/scenarios/scn_*")
    page = owner.open(f"{page.url.removeprefix(owner.app.url)}/trigger")
    page.set_viewport_size({"width": 390, "height": 844})
    address = page.locator(".when-webhook .copyable code")
    old = address.inner_text()
    question = page.get_by_role("dialog", name="Replace the address of “Orders”?")

    page.get_by_role("button", name="New address").click()
    expect(question).to_contain_text("The old address stops at once.")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    page.reload()
    expect(address).to_have_text(old)

    page.get_by_role("button", name="New address").click()
    question.get_by_role("button", name="New address").click()
    expect(page.get_by_text("The webhook has a new address.")).to_be_visible()
    expect(address).not_to_have_text(old)
    expect(page.get_by_role("button", name="Copy the address of the webhook")).to_be_visible()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
