"""The services of the worked examples, simulated by their catalogue entries, and connections there.

A process that is started later plays the same services again, and takes the tokens of the first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from grantline.clock import Clock, SystemClock
from grantline.connections.apps.catalogue import settings_of
from grantline.connections.connection import Connection
from grantline.connections.consent.callback_path import callback_digest, callback_path
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.oauth.app.settings import ClientSecrets
from grantline.providers.catalogue import profile
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.yaml_file import read_yaml
from grantline.scenarios.open import open_scenarios
from grantline.scenarios.service import Scenarios
from grantline.secret import Secret
from grantline.testing.simulated_service import SimulatedService
from grantline.testing.simulated_service.apis import Api
from grantline.testing.simulated_service.dropbox_api import DropboxApi
from grantline.testing.simulated_service.github_api import GithubApi
from grantline.testing.simulated_service.sheets_api import SheetsApi
from grantline.testing.simulated_service.together import Together

ROOT: Final = Path(__file__).parents[3]
FILES: Final = ROOT / "docs" / "examples" / "scenarios"
SECRET: Final = "a-secret-for-tests"
SPREADSHEET: Final = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"
ARCHIVE: Final = bytes(range(256)) * 12 * 1024  # 3 MB
ARCHIVE_PATH: Final = "/Archives/books.tar"
INVOICES: Final = tuple(f"invoice-{number:03}.pdf" for number in range(1, 6))
_TOKENS: Final = tuple(f"access-{number}" for number in range(1, 10))


def example(name: str) -> Scenario:
    """The scenario of a worked example, as its file has it."""
    return read_yaml((FILES / f"{name}.yaml").read_text("utf-8"))


@dataclass
class Services:
    """Dropbox, Google Sheets and GitHub; ``together`` is their network."""

    clock: Clock = field(default_factory=SystemClock)
    dropbox: DropboxApi = field(
        default_factory=lambda: DropboxApi(
            files={
                **{f"/Invoices/{name}": name.encode() for name in INVOICES},
                "/Invoices/Old/": b"",
                ARCHIVE_PATH: ARCHIVE,
            },
            most=2,
        )
    )
    sheets: SheetsApi = field(default_factory=lambda: SheetsApi({(SPREADSHEET, "Files"): []}))
    github: GithubApi = field(default_factory=lambda: GithubApi({"ada/engine": []}))

    def __post_init__(self) -> None:
        self.services = {
            "dropbox": self._service("dropbox", self.dropbox),
            "sheets": self._service("google-sheets", self.sheets),
            "github": self._service("github", self.github),
        }
        hosts = {
            "dropbox": (*profile("dropbox").hosts, "www.dropbox.com"),
            "sheets": (
                *profile("google-sheets").hosts,
                "oauth2.googleapis.com",
                "accounts.google.com",
            ),
            "github": (*profile("github").hosts, "github.com"),
        }
        self.together = Together(
            {host: self.services[name] for name, named in hosts.items() for host in named}
        )

    def remember(self) -> None:
        """Takes the tokens for good that another process was given."""
        for each in self.services.values():
            each.remember(*_TOKENS)

    def _service(self, entry: str, api: Api) -> SimulatedService:
        found = profile(entry)
        return SimulatedService(
            settings=settings_of(found, client_id="client"),
            scopes=found.default_scopes,
            client_secret=SECRET,
            clock=self.clock,
            api=api,
        )

    async def connect(self, engine: Engine, name: str, entry: str) -> Connection:
        """The connection of this name, after a person said yes."""
        found, service = profile(entry), self.services[name]
        made = await engine.manage.create(
            LOCAL,
            NewConnection(
                name=name,
                provider=entry,
                settings=service.settings,
                secrets=ClientSecrets(client_secret=Secret(SECRET)),
                scopes=found.default_scopes,
                hosts=found.hosts,
            ),
        )
        path = callback_path(service.settings)
        begun = await engine.authorize.begin(
            LOCAL, made.id, redirect_uri=f"http://127.0.0.1:9999{path}", binding="b"
        )
        answer = urlsplit(service.approve(begun.url)).query
        digest = callback_digest(service.settings)
        await engine.authorize.complete(LOCAL, answer, binding="b", context_digest=digest)
        return await engine.find(LOCAL, made.id)

    async def connect_all(self, engine: Engine) -> None:
        """Connections to each of them."""
        for name, entry in (
            ("dropbox", "dropbox"),
            ("sheets", "google-sheets"),
            ("github", "github"),
        ):
            await self.connect(engine, name, entry)


@asynccontextmanager
async def an_installation(
    folder: Path, services: Services, *, workers: bool = False
) -> AsyncIterator[Scenarios]:
    """The scenarios of an installation in ``folder`` whose network is ``services``."""
    settings = Settings.from_environment({"GRANTLINE_DATA_DIR": str(folder)})
    async with (
        open_engine(settings, transport=services.together) as engine,
        open_scenarios(engine, settings, workers=workers) as scenarios,
    ):
        yield scenarios
