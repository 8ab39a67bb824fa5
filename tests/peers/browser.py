"""A scripted person with a browser: goes through a peer's own pages, and knows no OAuth.

Plain HTTP with a cookie jar; forms are read from the HTML as a browser without scripts would.
"""

from __future__ import annotations

import http.client
import http.cookiejar
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

# A consent takes five pages at most; more of them is a loop.
PAGE_LIMIT = 20
REFUSING = {"cancel", "deny", "abort"}


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser shows: ``location`` is where the server wants it to go next."""

    url: str
    status: int
    location: str | None
    text: str


@dataclass(slots=True)
class Control:
    """A thing to click: a button that sends its form, or a link (a form without fields)."""

    form: str
    label: str = ""
    name: str = ""
    value: str = ""
    href: str = ""

    @property
    def refuses(self) -> bool:
        return self.label.strip("[] \n").lower() in REFUSING


@dataclass(slots=True)
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)


class PageReader(HTMLParser):
    """The forms and controls of a page; ``form=`` ties a button to a form elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self.controls: list[Control] = []
        self._form = ""
        self._control: Control | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self._form = given.get("id") or f"form {len(self.forms)}"
            self.forms[self._form] = Form(given.get("action", ""), given.get("method", "get"))
        elif tag == "a" and "href" in given:
            self._control = Control("", href=given["href"])
        elif tag == "button" or (tag == "input" and given.get("type") == "submit"):
            control = Control(given.get("form", self._form), value, name, value)
            self.controls.append(control)
            self._control = control if tag == "button" else None
        elif tag == "input" and name and self._form:
            form = self.forms[self._form]
            form.fields[name] = value
            form.types[name] = given.get("type", "text")

    def handle_data(self, data: str) -> None:
        if self._control is not None:
            self._control.label = data.strip() or self._control.label

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = ""
        elif tag == "a" and self._control is not None:
            self.controls.append(self._control)
        if tag in {"a", "button"}:
            self._control = None


class KeepEveryStatus(urllib.request.HTTPErrorProcessor):
    """Gives redirects and errors as they are, for the person to look at."""

    def http_response(
        self,
        request: urllib.request.Request,
        response: http.client.HTTPResponse,
    ) -> http.client.HTTPResponse:
        return response


class Person:
    """Somebody with an account at a peer; keeps its cookies from one visit to the next."""

    def __init__(
        self,
        login: str = "person",
        password: str = "correct horse battery staple",
    ) -> None:
        self._login = login
        self._password = password
        # No proxy of the surroundings: peers are on loopback.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            KeepEveryStatus,
        )

    def visit(self, url: str, form: dict[str, str] | None = None) -> Page:
        """One page; ``form`` is posted. Redirects are not followed."""
        body = None if form is None else urlencode(form).encode()
        with self._opener.open(url, body, timeout=20) as response:
            location = response.headers.get("Location")
            return Page(
                url,
                response.status,
                urljoin(url, location) if location else None,
                response.read().decode(errors="replace"),
            )

    def authorize(self, url: str, *, deny: bool = False, deliver: bool = False) -> str:
        """Where the server sends the person after login and consent: the redirect to the client.

        The first redirect that leaves the server's origin is taken for that. It is not fetched,
        unless ``deliver`` hands it to whoever listens there, as a browser would.
        """
        page = self._go(url, deny=deny)
        if page.location is None:
            raise AssertionError(f"{page.url} ended in a page ({page.status}): {page.text}")
        if deliver:
            shown = self.visit(page.location)
            while shown.location is not None:
                shown = self.visit(shown.location)
        return page.location

    def enter_user_code(self, url: str, user_code: str, *, deny: bool = False) -> Page:
        """The last page after typing a device's user code in, confirming it and consenting."""
        return self._go(url, deny=deny, user_code=user_code)

    def _go(self, url: str, *, deny: bool, user_code: str = "") -> Page:
        home = origin(url)
        page = self.visit(url)
        for _ in range(PAGE_LIMIT):
            if page.location is not None:
                if origin(page.location) != home:
                    return page
                page = self.visit(page.location)
                continue
            reader = PageReader(page.text)
            control = self._choose(reader, deny=deny) if page.status == http.HTTPStatus.OK else None
            if control is None:
                return page
            refused = control.refuses
            page = self._click(page, reader, control, user_code)
            if refused and page.location is None:
                return page
        raise AssertionError(f"{url} led to {PAGE_LIMIT} pages and no end; the last is {page.url}")

    def _choose(self, reader: PageReader, *, deny: bool) -> Control | None:
        """The control that goes on, or the one that refuses, once logged in."""
        forms = reader.forms.values()
        asks_login = any("password" in form.types.values() for form in forms)
        refuse = deny and not asks_login and any(control.refuses for control in reader.controls)
        for control in reader.controls:
            if control.refuses == refuse and (refuse or control.form in reader.forms):
                return control
        return None

    def _click(self, page: Page, reader: PageReader, control: Control, user_code: str) -> Page:
        if control.href:
            return self.visit(urljoin(page.url, control.href))
        form = reader.forms[control.form]
        target = urljoin(page.url, form.action) if form.action else page.url
        if origin(target) != origin(page.url):
            raise AssertionError(f"{page.url} sends a form to {target}, which is another origin")
        values = {
            name: self._typed(name, form.types[name], user_code) or value
            for name, value in form.fields.items()
        }
        if control.name:
            values[control.name] = control.value
        return self.visit(target, values)

    def _typed(self, name: str, kind: str, user_code: str) -> str:
        if kind == "password":
            return self._password
        if kind != "text":
            return ""
        return user_code if name == "user_code" else self._login


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
