"""The pages about services do what they say, each at a simulation of its service.

A page tells the same job three times: for the app, for the command line and for Python. All three
are read out of the page and done, and the service judges every request.
"""

from __future__ import annotations

import builtins
import json
import re
import shlex
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import requests
from argon2 import PasswordHasher
from sybil.document import Document
from sybil.parsers.markdown import PythonCodeBlockParser

from grantline.cli.main import status_of
from grantline.clock import SystemClock
from grantline.connections import open as opening
from grantline.connections.apps.catalogue import checked_entry, settings_of
from grantline.connections.engine import LOCAL
from grantline.connections.settings import Settings
from grantline.oauth.app.inputs import resolved
from grantline.providers.catalogue import entry_text, profile
from grantline.providers.profile import Profile
from grantline.providers.toml_entry import parse_profile
from grantline.scenarios.open import open_scenarios
from grantline.server.app import create_app
from grantline.server.passwords import Passwords
from grantline.server.settings import ServerSettings
from grantline.testing.simulated_service import SimulatedService
from tests.docs.form_reader import Form
from tests.docs.played_service import Known, PlayedService
from tests.ports import free_ports

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "examples"
SECRET = "a-secret-for-tests"
PORT = ":8765/"
ORIGIN = "http://127.0.0.1:8080"
FROM_HERE = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}


@dataclass(frozen=True)
class Example:
    """What a page is about.

    Attributes:
        page: Its name.
        provider: Of the catalogue; empty for the one that the page itself describes.
        api: The requests of the page beside the one whose answer it shows.
        asks: That one: method and URL.
    """

    page: str
    provider: str
    client_id: str
    scopes: tuple[str, ...]
    asks: str
    sends: object = None
    inputs: tuple[tuple[str, str], ...] = ()
    more: tuple[Known, ...] = ()

    @property
    def text(self) -> str:
        return (PAGES / f"{self.page}.md").read_text(encoding="utf-8")

    @property
    def entry(self) -> Profile:
        if self.provider:
            return profile(self.provider)
        return parse_profile("tidepool", block(self.text, "toml"), base=entry_text)

    @property
    def shown(self) -> object:
        """The answer that the page shows."""
        return json.loads(block(self.text, "json"))

    def played(self) -> PlayedService:
        settings = settings_of(self.entry, client_id=self.client_id)
        service = SimulatedService(
            settings=resolved(settings, dict(self.inputs)),
            scopes=self.scopes,
            client_secret=SECRET,
            clock=SystemClock(),
        )
        known = Known(self.asks, self.shown, sends=self.sends)
        return PlayedService(service, (known, *self.more))


def block(text: str, language: str) -> str:
    """The first block of ``language`` in a page."""
    return text.partition(f"```{language}\n")[2].partition("```")[0]


GRAPH = "https://graph.microsoft.com/v1.0/me/messages"
REPOS = "https://api.github.com/user/repos"
EXAMPLES = (
    Example(
        page="google",
        provider="google-sheets",
        client_id="123-abc.apps.googleusercontent.com",
        scopes=("openid", "email", "https://www.googleapis.com/auth/spreadsheets"),
        asks="POST https://sheets.googleapis.com/v4/spreadsheets",
        sends={"properties": {"title": "Budget"}},
    ),
    Example(
        page="dropbox",
        provider="dropbox",
        client_id="your-app-key",
        scopes=("account_info.read", "files.content.write"),
        asks="POST https://api.dropboxapi.com/2/files/create_folder_v2",
        sends={"path": "/Invoices"},
    ),
    Example(
        page="microsoft",
        provider="microsoft",
        client_id="11112222-bbbb-3333-cccc-4444dddd5555",
        scopes=("offline_access", "User.Read", "Mail.Read"),
        inputs=(("tenant", "organizations"),),
        asks=f"GET {GRAPH}?$top=1&$select=subject",
        more=(
            Known(
                f"GET {GRAPH}?$select=subject",
                {"value": [{"subject": "One"}], "@odata.nextLink": f"{GRAPH}?$skip=1"},
            ),
            Known(f"GET {GRAPH}?$skip=1", {"value": [{"subject": "Two"}]}),
        ),
    ),
    Example(
        page="github",
        provider="github",
        client_id="Ov23liYourClientId",
        scopes=("repo",),
        asks="POST https://api.github.com/repos/ada/engine/issues",
        sends={"title": "The wheel squeaks"},
        more=(
            Known(
                f"GET {REPOS}?per_page=100",
                [{"name": "engine"}],
                headers=(("Link", f'<{REPOS}?page=2>; rel="next"'),),
            ),
            Known(f"GET {REPOS}?page=2", [{"name": "loom"}]),
        ),
    ),
    Example(
        page="any-service",
        provider="",
        client_id="tide-1",
        scopes=("contacts",),
        asks="POST https://api.tidepool.example/v2/contacts",
        sends={"name": "Grace"},
    ),
)


@pytest.fixture(params=EXAMPLES, ids=lambda each: each.page)
def example(request: pytest.FixtureRequest) -> Example:
    found: Example = request.param
    return found


@pytest.fixture
def played(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PlayedService]:
    """The service in place of the network, for an installation and a person who agrees."""
    played = example.played()
    monkeypatch.setattr(opening, "EgressTransport", played)
    monkeypatch.setenv("GRANTLINE_DATA_DIR", str(tmp_path))
    with ThreadPoolExecutor(1) as browser:

        def opened(url: str) -> bool:
            browser.submit(requests.get, played.service.approve(url), timeout=10)
            return True

        monkeypatch.setattr(webbrowser, "open", opened)
        monkeypatch.setenv("BROWSER", "played")
        yield played
    assert played.service.complaints == []
    assert example.asks in played.met


@pytest.fixture
def port() -> str:
    return f":{free_ports(1)[0]}/"


def test_the_commands_of_a_page_do_what_it_says(
    example: Example,
    played: PlayedService,
    port: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GRANTLINE_CLIENT_SECRET", SECRET)
    for commands in re.findall(r"```sh\n(.*?)```", example.text, flags=re.DOTALL):
        for line in commands.replace("\\\n", " ").replace(PORT, port).splitlines():
            capsys.readouterr()
            name, *arguments = shlex.split(line)
            assert name == "grantline"
            status = status_of(arguments)
            said = capsys.readouterr()
            assert status == 0, said.err
            if "--paginate" in arguments:
                assert len(said.out.splitlines()) == len(example.more)
            elif arguments[0] == "request":
                assert json.loads(said.out) == example.shown
    assert len(played.met) == 1 + len(example.more)
    (examined,) = re.findall(r"`grantline (doctor \w+)`", example.text)
    assert status_of(examined.split()) == 0, capsys.readouterr().out


def test_the_python_of_a_page_does_what_it_says(
    example: Example, played: PlayedService, port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (variable,) = re.findall(r'environ\["(\w+)"\]', example.text)
    monkeypatch.setenv(variable, SECRET)
    printed: list[str] = []
    monkeypatch.setattr(builtins, "print", lambda *words: printed.extend(map(str, words)))
    text = example.text.replace(PORT, port)
    document = Document(text, f"{example.page}.md")
    for region in PythonCodeBlockParser()(document):
        document.add(region)

    for each in document:
        each.evaluate()

    assert len(printed) == 1
    assert printed[0] in json.dumps(example.shown)
    assert played.met == [example.asks]


def tables(text: str) -> list[dict[str, str]]:
    """What the page says to fill in, form by form: labels and values."""
    section = text.partition("## In the app")[2].partition("\n## ")[0]
    return [
        dict(re.findall(r"^\| ([^|]+) \| `([^`]*)` \|$", table, flags=re.MULTILINE))
        for table in section.split("| Field | Value |")[1:]
    ]


async def test_what_a_page_says_to_fill_in_does_what_it_says(
    example: Example, played: PlayedService, tmp_path: Path
) -> None:
    connection, request = tables(example.text)
    settings = Settings.from_environment({"GRANTLINE_DATA_DIR": str(tmp_path)})
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    async with (
        opening.open_engine(settings) as engine,
        open_scenarios(engine, settings, workers=False) as scenarios,
    ):
        app = create_app(scenarios, ServerSettings(public_url=ORIGIN), passwords=quick)
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as browser:
            owner = {"name": "ada", "password": "correct horse", "again": "correct horse"}
            await browser.post("/setup", data=owner, headers=FROM_HERE)
            begins = f"provider={example.provider}" if example.provider else "by=hand"
            form = Form((await browser.get(f"/connections/new?{begins}")).text)
            typed = {**connection, "Client secret": SECRET}
            saved = await browser.post(
                "/connections/new",
                data=form.with_values(typed),
                headers={**FROM_HERE, "Accept": "application/json"},
            )
            assert saved.status_code == 200, saved.text
            back = played.service.approve(saved.json()["open"])
            done = await browser.get(back)
            assert done.status_code == 303, done.text
            made = await engine.find(LOCAL, connection["Connection name"])

            run = await browser.post(
                "/requests/run",
                data=request_form(request, made.id),
                headers={**FROM_HERE, "HX-Request": "true"},
            )
    assert "200 OK" in run.text
    assert made.name == request["Connection"]


def request_form(typed: dict[str, str], connection_id: str) -> dict[str, str]:
    """What the form of a request sends for what a page says to fill in."""
    body = {"body": "json", "json": typed["JSON"]} if "JSON" in typed else {"body": "none"}
    return {
        "authentication": "oauth",
        "connection": connection_id,
        "method": typed["Method"],
        "url": typed["URL"],
        **dict.fromkeys(("parse_response", "fail_on_status", "follow_redirects"), "on"),
        **body,
    }


def test_a_page_says_what_the_catalogue_knows(example: Example) -> None:
    text = " ".join(example.text.split())
    if not example.provider:
        assert checked_entry("tidepool", block(example.text, "toml"), base=entry_text) == []
        return
    entry = example.entry
    traps = (f"**{each.what}** {each.why} {each.next}" for each in entry.traps)
    assert [each for each in (*entry.steps, *traps) if each not in text] == []
    assert entry.console in text


def test_every_page_is_tried_and_can_be_found() -> None:
    names = {each.page for each in EXAMPLES}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    # Those about scenarios are tried in test_scenario_examples.
    pages = {each.stem for each in PAGES.glob("*.md") if not each.stem.startswith("scenario-")}
    assert pages == names
    assert [each for each in sorted(names) if f"docs/examples/{each}.md" not in readme] == []
