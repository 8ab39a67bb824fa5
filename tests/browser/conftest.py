"""One web app for the whole run, and for each test a window in which Ada is signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.owner import Owner
from tests.browser.serving import PATIENCE_MS, App, NotThereError, chromium, serving, visiting

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with serving(tmp_path_factory.mktemp("app")) as app:
        yield app


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module at a time: asynchronous tests of the next one need their loop back."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(chromium())
        except NotThereError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        yield browser


@pytest.fixture(scope="session")
def signed_in(app: App, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Browser], Path]:
    """The file with the owner's cookie; the account is created when it is first asked for."""
    kept = tmp_path_factory.mktemp("browser") / "owner.json"

    def sign_in(browser: Browser) -> Path:
        if not kept.exists():
            with visiting(browser) as context:
                Owner(context.new_page(), app).set_up()
                context.storage_state(path=kept)
        return kept

    return sign_in


@pytest.fixture
def new_context(
    browser: Browser, signed_in: Callable[[Browser], Path]
) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browsers in which Ada is signed in; takes what Playwright's ``new_context`` takes."""
    with ExitStack() as stack:

        def new(**given: Any) -> BrowserContext:
            kept = signed_in(browser)
            return stack.enter_context(visiting(browser, storage_state=kept, **given))

        yield new


@pytest.fixture
def owner(new_context: Callable[..., BrowserContext], app: App) -> Iterator[Owner]:
    """Ada, in a window that must meet no error of a script and no refusal of the CSP."""
    errors: list[str] = []
    context = new_context()
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield Owner(watched(context.new_page(), errors), app)
    assert errors == []


def watched(page: Page, errors: list[str]) -> Page:
    """``page``, whose complaints about our own code are added to ``errors``."""

    def hear(message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            errors.append(message.text)

    page.on("console", hear)
    return page
