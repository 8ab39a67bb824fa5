"""The examples of the documentation do what they say, against a service on this machine."""

import builtins
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from sybil.document import Document
from sybil.parsers.markdown import PythonCodeBlockParser

from grantline.cli.main import status_of
from grantline.client.connections import Connections
from grantline.testing.authorization_server import FakeAuthorizationServer

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server() -> Iterator[FakeAuthorizationServer]:
    with FakeAuthorizationServer.in_thread() as server:
        yield server
    server.journal.assert_clean()


@pytest.fixture
def person(server: FakeAuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody who says yes in his browser, and who pastes what he is asked for."""
    addresses: list[str] = []

    def paste() -> str:
        return server.approve(addresses[-1])

    def read(*words: object) -> None:
        addresses.extend(str(word) for word in words if str(word).startswith(server.issuer))

    with ThreadPoolExecutor(1) as browser:
        monkeypatch.setattr(
            webbrowser,
            "open",
            lambda url: browser.submit(requests.get, server.approve(url), timeout=10),
        )
        monkeypatch.setattr(builtins, "input", paste)
        monkeypatch.setattr(builtins, "print", read)
        yield


@pytest.fixture
def installation(
    server: FakeAuthorizationServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRANTLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GRANTLINE_ALLOW_HOSTS", "127.0.0.1")
    monkeypatch.setenv("DEMO_CLIENT_SECRET", server.client.client_secret)
    monkeypatch.setenv("GRANTLINE_SECRET", "a key")
    create = ["credential", "create", "weather", "--kind", "key", "--key-name", "X-Api-Key"]
    assert status_of([*create, "--host", "127.0.0.1"]) == 0
    monkeypatch.delenv("GRANTLINE_SECRET")


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_examples_of_a_page_run_from_top_to_bottom(
    page: str, server: FakeAuthorizationServer, installation: None, person: None
) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for written, meant in {
        "https://login.example.com": server.issuer,
        "https://api.example.com": server.api_url,
    }.items():
        text = text.replace(written, meant)
    document = Document(text, str(ROOT / page))
    for region in PythonCodeBlockParser()(document):
        document.add(region)

    try:
        for example in document:
            example.evaluate()
    finally:
        connections = document.namespace.get("connections")
        if isinstance(connections, Connections):
            connections.close()


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_ten_lines_are_ten_lines(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    example = text.partition("```python\n")[2].partition("```")[0]

    assert len([line for line in example.splitlines() if line.strip()]) <= 10
