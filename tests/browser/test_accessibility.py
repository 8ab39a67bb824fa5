"""axe-core finds nothing serious on any page, in light at a desk and in the dark on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.owner import Owner, deny_at_demo
from tests.browser.scenario_files import failing, imported
from tests.browser.serving import App, visiting

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"
NO_AXE = "axe-core is not installed: run scripts/test-setup."
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
LOOKS = [("light", DESK), ("dark", PHONE)]  # colours are the same at both sizes
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter((each) => ["serious", "critical"].includes(each.impact))
  .map((each) => [each.id, ...each.nodes.slice(0, 3).map((node) => node.target)].join(": "))"""


@pytest.fixture(scope="module")
def paths(
    browser: Browser, app: App, signed_in: Callable[[Browser], Path]
) -> Iterator[dict[str, str]]:
    """Every page that says something, after a short story has filled them."""
    with visiting(browser, storage_state=signed_in(browser)) as context:
        owner = Owner(context.new_page(), app)
        page = owner.page
        owner.connect_demo("accessible")
        connection = urlsplit(page.url).path
        owner.make_request("accessible", "/me")
        owner.field("Name of the request").fill("accessible request")
        owner.press("Save")
        page.get_by_role("status").filter(has_text="is saved").wait_for()
        owner.press("Run")
        owner.sees_status("200")
        run = page.get_by_role("link", name="This run in History").get_attribute("href")
        owner.open("/requests").get_by_role("link", name="accessible request").click()
        request = urlsplit(page.url).path
        credential = owner.keep_key("accessible key", "api.example.com")
        owner.demo_form("inaccessible", "Authorization code")
        owner.in_window(lambda: owner.press("Save and connect"), deny_at_demo)
        page.wait_for_url("**refused=1")
        refused = urlsplit(page.url).path
        owner.demo_form("waiting", "Device code")
        owner.press("Save and connect")
        page.locator(".user-code").wait_for()
        waiting = page.url.removeprefix(app.url)
        scenario = imported(owner, failing("accessible"))
        runs = [failed_run(owner, scenario) for _ in range(2)]
        yield {
            "scenarios": "/scenarios",
            "editor": scenario,
            "module": f"{scenario}/modules/2",
            "trigger": f"{scenario}/trigger",
            "settings of a scenario": f"{scenario}/settings",
            "import": "/scenarios/import",
            "run once": f"{scenario}/run",
            "runs": "/scenarios/runs",
            "runs of one": f"{scenario}/runs",
            "no run found": "/scenarios/runs?q=nothing-is-called-so",
            "run of a scenario": runs[0],
            "items": f"{runs[0]}/items/1",
            "step": f"{runs[0]}/steps/1",
            "step that failed": f"{runs[0]}/steps/4",
            "two runs": f"/scenarios/runs/compare?run={runs[0][15:]}&run={runs[1][15:]}",
            "notifications": "/settings/notifications",
            "connections": "/connections",
            "nothing found": "/connections?q=nothing-is-called-so",
            "which service": "/connections/new",
            "demo form": "/connections/new?provider=demo",
            "empty form": "/connections/new?by=hand",
            "connection": connection,
            "its history": f"{connection}/history",
            "its transcript": f"{connection}/transcript",
            "edit": f"{connection}/edit",
            "rename": f"{connection}/rename",
            "delete": f"{connection}/delete",
            "connected": f"{connection}/result",
            "doctor": f"{refused}?refused=1",
            "examination": f"{refused}/doctor",
            "examined installation": "/settings/examination",
            "device code": waiting,
            "requests": "/requests",
            "new request": "/requests/new",
            "request": request,
            "credentials": "/credentials",
            "no credential found": "/credentials?q=nothing-is-called-so",
            "which kind": "/credentials/new",
            "empty certificate form": "/credentials/new?kind=certificate",
            "credential": credential,
            "delete a credential": f"{credential}/delete",
            "request with a credential": f"/requests/new?credential={credential.split('/')[-1]}",
            "history": "/history",
            "run": str(run),
            "an API key": "/credentials/new?kind=key",
            "requests of one": f"/requests?connection={connection.rpartition('/')[2]}",
            "providers": "/providers",
            "provider": "/providers/slack",
            "settings": "/settings",
            "not found": "/nowhere",
            "refused answer": "/oauth/callback?state=made-up&code=1",
        }


def failed_run(owner: Owner, scenario: str) -> str:
    """The path of a run of a scenario that fails, at its end."""
    page = owner.open(f"{scenario}/run")
    owner.press("Run once")
    expect(page.locator("#run-state")).to_contain_text("Failed")
    return urlsplit(page.url).path


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical on a page, in what is folded too."""
    if not AXE.exists():
        raise pytest.fail.Exception(NO_AXE, pytrace=False)
    # By the debugger, not by a tag: the page's own policy allows no script but ours.
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(RUN)
    return found


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=["light desk", "dark phone"])
def test_no_page_has_a_serious_issue_or_scrolls_sideways(
    paths: dict[str, str],
    new_context: Callable[..., BrowserContext],
    app: App,
    scheme: str,
    size: Any,
) -> None:
    page = new_context(color_scheme=scheme, viewport=size).new_page()
    found = {}
    for name, path in paths.items():
        page.goto(app.url + path)
        issues = serious(page)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            issues.append(f"{wide} px wider than the window")
        if issues:
            found[name] = issues
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nor_has_the_page_for_signing_in(
    browser: Browser, app: App, signed_in: Callable[[Browser], Path], scheme: Any
) -> None:
    signed_in(browser)
    with visiting(browser, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"{app.url}/sign-in")
        assert serious(page) == []
