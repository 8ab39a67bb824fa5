"""The pages about worked scenarios do what they say, at simulations of their services."""

from __future__ import annotations

import asyncio
import builtins
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sybil.document import Document
from sybil.parsers.markdown import PythonCodeBlockParser

from grantline.cli.main import status_of
from grantline.connections import open as opening
from grantline.connections.engine import LOCAL
from grantline.server.app import create_app
from grantline.server.settings import ServerSettings
from tests.scenarios.examples.simulated import (
    ARCHIVE,
    FILES,
    INVOICES,
    ROOT,
    SPREADSHEET,
    Services,
    an_installation,
)

ORIGIN = "http://127.0.0.1:8080"
PAGES = ROOT / "docs" / "examples"
NAMES = ("folder-to-sheet", "tasks-to-issues", "nightly-download")


def page(name: str) -> str:
    return (PAGES / f"scenario-{name}.md").read_text("utf-8")


def block(text: str, language: str) -> str:
    """The first block of ``language`` in a page."""
    return text.partition(f"```{language}\n")[2].partition("```")[0]


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The services in place of the network, with connections to all of them."""
    services = Services()

    async def connect() -> None:
        async with an_installation(tmp_path, services) as scenarios:
            await services.connect_all(scenarios.engine)

    asyncio.run(connect())
    monkeypatch.setattr(opening, "EgressTransport", services.together)
    monkeypatch.setenv("GRANTLINE_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(ROOT)
    yield services
    assert services.together.complaints == []


def said_by_commands(text: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the last of the commands of a page printed; all of them succeed."""
    said = ""
    for commands in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL):
        for line in commands.replace("\\\n", " ").splitlines():
            capsys.readouterr()
            name, *arguments = shlex.split(line)
            assert name == "grantline"
            status = status_of(arguments)
            told = capsys.readouterr()
            assert status == 0, told.err
            said = told.out
    return said


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_the_file_that_it_speaks_of(name: str) -> None:
    assert block(page(name), "yaml") == (FILES / f"{name}.yaml").read_text("utf-8")
    assert f"docs/examples/scenario-{name}.md" in (ROOT / "README.md").read_text("utf-8")


def test_every_page_and_every_file_is_tried() -> None:
    assert {each.stem for each in FILES.glob("*.yaml")} == set(NAMES)
    assert {each.stem for each in PAGES.glob("scenario-*.md")} == {f"scenario-{n}" for n in NAMES}


def test_the_commands_fill_the_sheet(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page("folder-to-sheet")

    said = said_by_commands(text, capsys)

    assert json.loads(said)["data"] == json.loads(block(text, "json"))
    assert [row[0] for row in services.sheets.sheets[SPREADSHEET, "Files"]] == list(INVOICES)


def test_the_python_fills_the_sheet(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[Any] = []
    monkeypatch.setattr(builtins, "print", lambda *words: printed.extend(words))
    document = Document(page("folder-to-sheet"), "scenario-folder-to-sheet.md")
    for region in PythonCodeBlockParser()(document):
        document.add(region)

    for each in document:
        each.evaluate()

    assert printed == [5]
    assert len(services.sheets.sheets[SPREADSHEET, "Files"]) == 5


def test_the_commands_download_what_broke_off(
    services: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page("nightly-download")
    services.dropbox.breaks = [1_000_000]

    said, shown = (
        json.loads(each) for each in (said_by_commands(text, capsys), block(text, "json"))
    )

    # The key of each installation is its own, and so are its proofs.
    assert len(said["file"].pop("proof")) == len(shown["file"].pop("proof"))
    assert said == shown
    assert services.dropbox.ranges == ["", "bytes=1000000-"]
    assert (tmp_path / "files" / "local" / "archives" / "books.tar").read_bytes() == ARCHIVE


def test_whoever_posts_tasks_gets_the_numbers_of_issues(
    services: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page("tasks-to-issues")
    said_by_commands(text, capsys)
    words = shlex.split(block(text, "text").replace("\\\n", " "))
    sent = json.loads(words[words.index("-d") + 1])

    async def post() -> httpx2.Response:
        async with an_installation(tmp_path, services, workers=True) as scenarios:
            kept = await scenarios.find(LOCAL, "Tasks become issues")
            assert kept.hook_url_path is not None
            transport = httpx2.ASGITransport(
                create_app(scenarios, ServerSettings(public_url=ORIGIN))
            )
            async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as anybody:
                return await anybody.post(kept.hook_url_path.reveal(), json=sent)

    answer = asyncio.run(post())

    assert answer.status_code == 201
    assert answer.json() == json.loads(block(text, "json"))
    titles = [each["title"] for each in services.github.repositories["ada/engine"]]
    assert titles == [each["title"] for each in sent["tasks"]]
