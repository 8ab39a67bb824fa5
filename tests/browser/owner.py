"""The owner of an installation at a browser: what a person does, in the words of the pages."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from playwright.sync_api import Error, Locator, Page, expect

from tests.browser.serving import App
from tests.peers.peer import Peer

NAME = "ada"
PASSWORD = "correct horse battery staple"

Visit = Callable[[Page], None]


@dataclass(frozen=True, slots=True)
class Owner:
    """One tab of the owner's browser."""

    page: Page
    app: App

    def open(self, path: str) -> Page:
        self.page.goto(self.app.url + path)
        return self.page

    def set_up(self) -> None:
        """Creates the account, as the first visit asks for it."""
        self.open("/")
        expect(self.page).to_have_url(f"{self.app.url}/setup")
        self.field("Name").fill(NAME)
        self.field("Password").fill(PASSWORD)
        self.field("Password again").fill(PASSWORD)
        self.press("Create account")
        expect(self.page).not_to_have_url(f"{self.app.url}/setup")

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def choose(self, radio: str, among: str | None = None) -> None:
        """Takes one of several choices; what can be seen of it is its label."""
        self.page.wait_for_load_state()  # for a click by force waits for nothing
        group = self.page.get_by_role("radiogroup", name=among) if among else self.page
        group.get_by_role("radio", name=radio).check(force=True)

    def add_chips(self, label: str, *values: str) -> None:
        """Types values, each ended by Enter."""
        self.page.wait_for_load_state()  # before the scripts have run, Enter sends the form
        for value in values:
            self.field(label).fill(value)
            self.field(label).press("Enter")

    def in_window(self, begin: Callable[[], None], visit: Visit) -> None:
        """What ``visit`` does in the window that ``begin`` opens."""
        with self.page.expect_popup() as opened:
            begin()
        try:
            visit(opened.value)
        except Error as error:
            said = self.page.locator("#main").inner_text()
            raise AssertionError(f"The window went wrong, and the page says:\n{said}") from error

    def demo_form(self, name: str, flow: str) -> None:
        """The form for the demo service, filled in but not saved."""
        self.open("/connections/new?provider=demo")
        self.field("Connection name").fill(name)
        self.field("Flow type").select_option(label=flow)

    def connect_demo(self, name: str) -> None:
        """A connection to the demo service by authorization code, with consent."""
        self.demo_form(name, "Authorization code")
        self.in_window(lambda: self.press("Save and connect"), allow_at_demo)
        self.sees_connected(name)

    def sees_connected(self, name: str) -> None:
        """That this page has noticed: it shows the connection, which has a token."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(name)
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Authorized")

    def make_request(self, connection: str, url: str) -> None:
        """Fills in a new request with a connection."""
        self.open("/requests/new")
        self.choose("OAuth 2.0")
        choice = self.field("Connection")
        value = choice.locator("option").filter(has_text=connection).first.get_attribute("value")
        choice.select_option(value)
        self.field("URL").fill(url)

    def keep_key(self, name: str, host: str) -> str:
        """The path of a new credential: an API key."""
        self.open("/credentials/new?kind=key")
        self.field("Credential name").fill(name)
        self.field("Key name").fill("X-Api-Key")
        self.field("API key").fill("not so secret")
        self.add_chips("Hosts", host)
        self.press("Create")
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name)
        return self.page.url.removeprefix(self.app.url)

    def sees_status(self, words: str) -> None:
        """That an answer has come."""
        expect(self.page.locator("#response .answer-head")).to_contain_text(words)

    def menu(self, name: str, item: str) -> None:
        """Three dots, and then one of the things below them."""
        self.page.get_by_role("button", name=f"More for {name}", exact=True).click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()


def allow_at_demo(window: Page) -> None:
    """Consents on the demo service's page, and closes the window."""
    window.get_by_role("button", name="Allow").click()
    close(window)


def deny_at_demo(window: Page) -> None:
    window.get_by_role("button", name="Deny").click()


def sign_in_at(window: Page) -> None:
    """Signs in on oidc-provider's own page, when it asks who we are."""
    window.locator("input[name=login]").fill("ada")
    window.locator("input[name=password]").fill("any")
    window.get_by_role("button", name="Sign-in").click()


def allow_at_peer(window: Page) -> None:
    """Signs in and consents on oidc-provider's own pages, and closes the window."""
    sign_in_at(window)
    window.get_by_role("button", name="Continue").click()
    close(window)


def allow_again_at_peer(window: Page) -> None:
    """As before, when the peer still knows us."""
    window.get_by_role("button", name="Continue").click()
    close(window)


def close(window: Page) -> None:
    # The window may be gone before the click in it has come back; that it goes is what counts.
    with window.expect_event("close"), suppress(Error):
        window.get_by_role("button", name="Close this window").click()


def peer_form(owner: Owner, peer: Peer, name: str) -> None:
    """The form for oidc-provider, filled in from its issuer, with a client registered for it."""
    page = owner.open("/connections/new?by=hand")
    owner.field("Issuer URL").fill(peer.issuer)
    owner.press("Fill in")
    owner.field("Connection name").fill(name)  # typed while the issuer is asked: it must stay
    expect(page.get_by_text("The service told its settings.")).to_be_visible()
    redirect_uri = page.locator("#redirect-uri [data-copy]").get_attribute("data-copy")
    client = peer.register(
        redirect_uris=[redirect_uri],
        grant_types=["authorization_code", "refresh_token"],
        token_endpoint_auth_method="client_secret_basic",
    )
    owner.field("Client").select_option("given")
    owner.field("Client ID").fill(client.client_id)
    owner.field("Client secret").fill(client.client_secret or "")
    owner.add_chips("Scopes", "openid", "offline_access")
    page.get_by_text("Advanced settings").click()
    parameters = page.locator("[data-keyvalue]").filter(has_text="Authorize parameters")
    for key, value in peer.authorize_parameters.items():
        parameters.get_by_role("button", name="Add").click()
        page.locator("[name=authorize_parameters_key]").last.fill(key)
        page.locator("[name=authorize_parameters_value]").last.fill(value)
    owner.add_chips("Hosts", "127.0.0.1")
