"""What every request passes and every answer carries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grantline.server.security import MOST_BODY_BYTES
from grantline.server.settings import ServerSettings
from tests.server.conftest import FROM_HERE, ORIGIN, Site, a_site

HTTPS = ServerSettings(public_url="https://grantline.example", host="10.0.0.5")


@pytest.mark.parametrize("path", ["/settings", "/sign-in", "/nothing", "/healthz", "/api/v1/x"])
async def test_every_answer_is_closed_to_others(site: Site, path: str) -> None:
    headers = (await site.get(path)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "permissions-policy" in headers
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize(
    ("host", "scripts"),
    [("127.0.0.1:8080", "127.0.0.1:8080/static/"), ("[::1]:8080", "'self'"), ("a;b", "'self'")],
)
async def test_scripts_come_from_our_files_and_not_from_what_a_webhook_answers(
    site: Site, host: str, scripts: str
) -> None:
    policy = (await site.get("/healthz", headers={"Host": host})).headers["content-security-policy"]

    assert f"script-src {scripts};" in policy


@pytest.mark.parametrize("path", ["/setup", "/sign-in", "/settings"])
async def test_no_page_holds_a_script_or_a_style(site: Site, path: str) -> None:
    text = (await site.get(path, follow_redirects=True)).text

    assert "<style" not in text
    assert " style=" not in text
    assert " onclick=" not in text
    assert all("src=" in piece for piece in text.split("<script")[1:])


async def test_files_are_kept_for_ever_under_their_digest(site: Site) -> None:
    page = (await site.get("/sign-in", follow_redirects=True)).text
    path = page.partition('rel="stylesheet" href="')[2].partition('"')[0]

    current = await site.stranger.get(path)
    older = await site.stranger.get("/static/000000000000/" + path.split("/", 3)[3])

    assert "immutable" in current.headers["cache-control"]
    assert current.headers["content-encoding"] == "gzip"
    assert older.headers["cache-control"] == "no-store"
    assert older.text == current.text


@pytest.mark.parametrize(
    "path", ["/static/x/%2e%2e/settings.py", "/static/settings.py", "/static/x/css/nothing.css"]
)
async def test_nothing_but_known_files_is_served(site: Site, path: str) -> None:
    assert (await site.stranger.get(path)).status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "127.0.0.1@evil.example"]
)
async def test_a_name_that_is_not_ours_is_refused(site: Site, host: str) -> None:
    """DNS rebinding: the browser believes that we are somebody else's site."""
    answer = await site.get("/connections", headers={"Host": host})

    assert answer.status_code == 421
    assert "Sign out" not in answer.text


async def test_localhost_leads_to_the_name_that_the_cookie_is_for(site: Site) -> None:
    answer = await site.get("/connections?x=1", headers={"Host": "localhost:8080"})

    assert answer.status_code == 307
    assert answer.headers["location"] == f"{ORIGIN}/connections?x=1"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://sub.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/sign-out", "/settings/api-keys", "/nothing"])
async def test_what_another_site_sends_changes_nothing(
    site: Site, path: str, headers: dict[str, str]
) -> None:
    answer = await site.client.post(path, data={"name": "x", "scope": "use"}, headers=headers)

    assert answer.status_code == 403
    page = await site.get("/settings")
    assert page.status_code == 200
    assert "No program has a key." in page.text


@pytest.mark.parametrize(
    "headers", [FROM_HERE, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": ORIGIN}]
)
async def test_what_our_own_pages_send_is_done(site: Site, headers: dict[str, str]) -> None:
    assert (await site.client.post("/sign-out", headers=headers)).status_code == 303


async def test_a_body_that_is_too_large_is_refused_unread(site: Site) -> None:
    headers = {**FROM_HERE, "Content-Length": str(33 * 1024 * 1024)}

    assert (await site.client.post("/settings/api-keys", headers=headers)).status_code == 413


async def test_a_body_in_chunks_is_read_no_further_than_one_that_says_its_length(
    site: Site,
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"a=" + b"b" * 500_000 + b"&"

    answer = await site.stranger.post(
        "/sign-in",
        content=endless(),
        headers={**FROM_HERE, "Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 413
    assert sent <= MOST_BODY_BYTES // 500_000 + 1


async def test_https_is_insisted_on_where_there_is_any(tmp_path: Path) -> None:
    async with a_site(tmp_path, settings=HTTPS) as site:
        answer = await site.get("/settings")
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=")

        signed_in = await site.stranger.post(
            "/sign-in", data={"name": "ada", "password": "correct horse battery"}
        )
        cookie = signed_in.headers["set-cookie"]
        assert cookie.startswith("__Host-grantline=")
        assert "Secure" in cookie
        assert "Domain" not in cookie


async def test_a_forwarded_header_is_never_believed(site: Site) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}

    answer = await site.get("/settings", headers=headers)

    assert "evil.example" not in answer.text
    assert ORIGIN in answer.text
