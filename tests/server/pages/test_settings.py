"""The settings page: API keys, and what the self-test of the public URL says."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from grantline.errors import EgressBlocked, GrantlineError, InvalidInput, TransportFailed
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.transport import METADATA_LIMITS, Limits
from grantline.server.selftest import check_public_url
from grantline.server.settings import ServerSettings
from grantline.store.open import DATABASE_FILE
from tests.connections.world import an_engine
from tests.server.conftest import Site

PUBLIC = ServerSettings(public_url="https://grantline.example", host="127.0.0.1")


async def test_a_key_is_shown_once_and_found_by_its_holder(site: Site) -> None:
    answer = await site.post("/settings/api-keys", {"name": "backup", "scope": "use"})
    assert answer.status_code == 303
    shown = answer.headers["location"]
    key = (await site.get(shown)).text.partition('data-copy="glk_')[2].partition('"')[0]

    again = await site.get(shown)

    assert "backup" in again.text
    assert f"glk_{key[:4]}…" in again.text
    assert key[:5] not in again.text
    assert len(key) == 43


async def test_a_revoked_key_is_gone(site: Site) -> None:
    await site.post("/settings/api-keys", {"name": "backup", "scope": "manage"})
    page = (await site.get("/settings")).text
    path = "/settings/api-keys/" + page.partition("/settings/api-keys/")[2].partition('"')[0]

    assert (await site.post(path)).status_code == 303

    assert "No program has a key." in (await site.get("/settings")).text
    assert (await site.post("/settings/api-keys/key_of_others/revoke")).status_code == 404


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "scope": "use"}, "needs 1 to 64 characters"),
        ({"name": "x", "scope": "everything"}, "Choose what the key may do."),
    ],
)
async def test_a_key_that_cannot_be_is_not_made(
    site: Site, form: dict[str, str], said: str
) -> None:
    answer = await site.post("/settings/api-keys", form)

    assert answer.status_code == 422
    assert said in answer.text


async def test_the_self_test_is_a_page_and_a_part(site: Site) -> None:
    whole = await site.get("/settings/self-test")
    part = await site.get("/settings/self-test", headers={"HX-Request": "true"})

    assert "Only browsers on this machine get here." in whole.text
    assert "Only browsers on this machine get here." in part.text
    assert "<html" not in part.text


class Elsewhere:
    """A transport at whose end somebody answers as a test says."""

    def __init__(self, answer: HttpResponse | GrantlineError) -> None:
        self._answer = answer

    async def send(
        self, request: HttpRequest, *, limits: Limits = METADATA_LIMITS, partition: str = ""
    ) -> HttpResponse:
        assert request.url == "https://grantline.example/healthz"
        if isinstance(self._answer, GrantlineError):
            raise self._answer
        return self._answer


def answering(status: int, body: bytes = b"", location: str = "") -> HttpResponse:
    headers = (("Location", location),) if location else ()
    return HttpResponse(status, headers, body, "https://grantline.example/healthz")


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        (answering(302, location="https://www.example/"), "The public URL redirects elsewhere."),
        (answering(421), "The proxy changes the Host header."),
        (answering(200, b"grantline 0123"), "Another Grantline answers there."),
        (answering(200, b"<html>Welcome to nginx"), "Something else answers there."),
        (answering(502, b"Bad Gateway"), "Something else answers there."),
        (
            TransportFailed("No address was found.", check="dns", sent=False),
            "grantline.example was not reached.",
        ),
        (EgressBlocked("No.", rule="plaintext"), "The public URL is plain http."),
        (EgressBlocked("No.", rule="ip_private"), "The public URL is on a private network."),
    ],
)
async def test_the_self_test_says_what_is_wrong(
    tmp_path: Path, answer: HttpResponse | GrantlineError, title: str
) -> None:
    async with an_engine(tmp_path, transport=Elsewhere(answer)) as engine:
        finding = await check_public_url(engine.context, PUBLIC)

    assert finding.title == title
    assert finding.explanation


async def test_the_self_test_knows_its_own_installation(site: Site, tmp_path: Path) -> None:
    here = answering(200, (await site.stranger.get("/healthz")).content)
    async with an_engine(site.world.folder, transport=Elsewhere(here)) as engine:
        assert (await check_public_url(engine.context, PUBLIC)).tone == "ok"

    async with an_engine(tmp_path / "other", transport=Elsewhere(here)) as engine:
        assert (await check_public_url(engine.context, PUBLIC)).tone == "danger"


@pytest.mark.parametrize(
    ("given", "host", "port", "origin"),
    [
        ("", "127.0.0.1", 8080, "http://127.0.0.1:8080"),
        ("", "::1", 80, "http://[::1]"),
        ("https://Grantline.Example/", "127.0.0.1", 8080, "https://grantline.example"),
        ("http://localhost:9000", "127.0.0.1", 9000, "http://localhost:9000"),
    ],
)
def test_the_public_url_is_an_origin(given: str, host: str, port: int, origin: str) -> None:
    environment = {"GRANTLINE_PUBLIC_URL": given}

    settings = ServerSettings.from_environment(environment, host=host, port=port)

    assert settings.public_url == origin


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("", "0.0.0.0"),
        ("", "::"),
        ("https://x.example/path", "127.0.0.1"),
        ("https://x.example/?a=b", "127.0.0.1"),
        ("x.example", "127.0.0.1"),
        ("ftp://x.example", "127.0.0.1"),
    ],
)
def test_a_public_url_that_cannot_be_one_is_refused_in_a_sentence(given: str, host: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ServerSettings.from_environment({"GRANTLINE_PUBLIC_URL": given}, host=host)

    assert caught.value.field == "GRANTLINE_PUBLIC_URL"


async def test_keys_and_database_are_examined_on_a_page_and_as_a_part(site: Site) -> None:
    await site.world.authorized()
    ways: list[dict[str, Any]] = [{}, {"headers": {"HX-Request": "true"}}]
    for asked in ways:
        well = await site.get("/settings/examination", **asked)
        assert "All is well: every secret has its key" in well.text
    with sqlite3.connect(site.world.folder / DATABASE_FILE) as database:
        database.execute("UPDATE connection SET sealed_tokens = 'damaged'")

    found = await site.get("/settings/examination")

    assert "Stored secrets are damaged" in found.text
    assert "All is well" not in found.text
