"""Text is compressed for our own pages and for programs, never for what another site asked."""

from __future__ import annotations

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL
from tests.server.conftest import Site


@pytest.mark.parametrize(
    ("site_said", "encoding"),
    [("same-origin", "gzip"), ("none", "gzip"), ("cross-site", ""), ("same-site", ""), (None, "")],
)
async def test_a_page_is_compressed_for_whom_nobody_else_can_steer(
    site: Site, site_said: str | None, encoding: str
) -> None:
    headers = {"Sec-Fetch-Site": site_said} if site_said else {}
    answer = await site.get("/connections?q=zzz", headers=headers)
    assert answer.headers.get("content-encoding", "") == encoding
    assert "zzz" in answer.text


async def test_a_program_without_cookies_gets_compressed_json(site: Site) -> None:
    answer = await site.stranger.get("/api/v1/openapi.json")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    plain = await site.stranger.get("/api/v1/openapi.json", headers={"Accept-Encoding": "br"})
    assert plain.text == answer.text


async def test_what_is_short_or_no_text_stays_as_it_is(site: Site) -> None:
    short = await site.get("/healthz", headers={"Sec-Fetch-Site": "none"})
    assert "content-encoding" not in short.headers
    connection = await site.world.authorized()
    made = await site.world.engine.make_request(
        LOCAL, RequestSpec(url="/echo?long=" + "x" * 3000), connection_id=connection.id
    )
    assert made.run is not None
    whole = await site.get(
        f"/history/{made.run.id}/body?download", headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert len(whole.content) > 3000
    assert whole.headers["content-type"] == "application/octet-stream"
    assert "content-encoding" not in whole.headers
