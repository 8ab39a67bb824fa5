"""Lists in pages, files both ways, headers alone, and where a URL leads: all from the one form."""

from __future__ import annotations

import html
from typing import Any

import anyio
import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL
from grantline.server.pages.requests import form as request_form
from grantline.server.pages.requests import ways as request_ways
from grantline.testing.authorization_server import Answer, Replace
from tests.recorder import answer, recorder
from tests.server.conftest import FROM_HERE, Site
from tests.server.pages.requests.test_saved import PART, form, part, with_connection

PAGED = {"page_type": "page", "page_parameter": "page"}


async def test_a_list_in_pages_is_shown_as_one_and_says_why_it_ended(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/orders", **PAGED)
    text = html.unescape((await part(site, "/requests/run", fields)).text)
    assert "4 pages, 24 items: the page after them was empty." in text
    assert "[24]" in text
    assert "Copy the path [23].item" in text
    (run,) = (await site.world.engine.runs.page(LOCAL)).rows
    assert "[24]" in (await site.get(f"/history/{run.id}")).text


async def test_of_a_list_that_breaks_off_what_came_before_is_shown(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/orders", **PAGED, page_max="2")
    text = html.unescape((await part(site, "/requests/run", fields)).text)
    assert "2 pages, 20 items: that is as many as were wanted" in text

    site.world.server.expire_access_tokens()
    site.world.server.revoke_grants()
    text = html.unescape((await part(site, "/requests/run", fields)).text)
    assert 'role="alert"' in text


async def test_halves_of_characters_break_neither_a_list_nor_a_page(site: Site) -> None:
    body = rb'[{"a": "\ud800"}]'
    odd = answer(200, body, "X-Odd: caf?").replace(b"caf?", b"caf\xc3\xa9\xff")
    last = answer(200, b"[]")
    async with recorder([odd, odd, last]) as server:
        text = html.unescape((await part(site, "/requests/run", form(url=server.url()))).text)
        assert "caf\xe9\N{REPLACEMENT CHARACTER}" in text
        await part(site, "/requests/run", form(url=server.url(), **PAGED))
    run = (await site.world.engine.runs.page(LOCAL)).rows[0]
    assert (await site.get(f"/history/{run.id}/body")).content == rb'[{"a": "\ud800"}]'


async def test_how_far_a_list_is_can_be_asked_while_it_is_under_way(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/orders", ticket="t1", **PAGED)
    assert (await site.get("/requests/progress?ticket=t1")).status_code == 204
    server = site.world.server
    with server.hold("api", "received") as first:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(part, site, "/requests/run", fields)
            await first.reached()
            with server.hold("api", "received") as second:
                first.release()
                await second.reached()
                said = (await site.get("/requests/progress?ticket=t1")).json()
                assert said == {"words": "Page 1, 10 items", "share": None}
                await site.post("/requests/cancel", {"ticket": "t1"})
                second.release()
    assert (await site.get("/requests/progress?ticket=t1")).status_code == 204


async def test_a_file_is_downloaded_and_handed_over_under_its_name(site: Site) -> None:
    connection = await site.world.authorized()
    answer = await part(site, "/requests/download", with_connection(connection, url="/orders"))
    link = answer.text.partition('href="/requests/files/')[2].partition('"')[0]
    assert link.endswith("?name=orders")
    kept = await site.get(f"/requests/files/{link}")
    assert kept.json()["page"] == 1
    assert kept.headers["content-disposition"] == 'attachment; filename="orders"'
    assert kept.headers["content-type"] == "application/octet-stream"
    assert (await site.get("/requests/files/of-nobody")).status_code == 404


async def test_a_download_without_an_end_does_not_fill_the_disk(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_ways, "MOST_BYTES", 10)
    connection = await site.world.authorized()
    answer = await part(site, "/requests/download", with_connection(connection, url="/orders"))
    assert "larger than 10 bytes" in html.unescape(answer.text)
    assert "/requests/files/" not in answer.text


async def test_a_download_that_is_refused_says_what_the_service_says(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/status/404")
    text = html.unescape((await part(site, "/requests/download", fields)).text)
    assert "The service answered with status 404." in text
    assert "/requests/files/" not in text


async def test_headers_alone_come_without_a_body(site: Site) -> None:
    connection = await site.world.authorized()
    answer = await part(site, "/requests/headers", with_connection(connection, url="/me"))
    assert "200 OK" in answer.text
    assert "content-type" in answer.text
    assert "Demo User" not in answer.text


async def test_where_a_url_leads_is_followed_without_a_token(site: Site) -> None:
    connection = await site.world.authorized()
    url = f"{site.world.server.api_url}/me"
    count = len(site.world.server.journal.entries)
    answer = await part(site, "/requests/resolve", with_connection(connection, url=url))
    assert "401 Unauthorized" in answer.text
    assert "It leads nowhere else" in answer.text
    for entry in site.world.server.journal.entries[count:]:
        assert not entry.incoming.header("Authorization")


@pytest.mark.parametrize("way", ["download", "headers", "resolve", "run"])
async def test_what_keeps_a_request_from_being_sent_is_told_each_way(site: Site, way: str) -> None:
    answer = await part(site, f"/requests/{way}", form(url=""))
    assert "empty" in html.unescape(answer.text).lower()
    whole = await site.post(f"/requests/{way}", form(url=""))
    assert whole.status_code == 400
    assert "<html" in whole.text


# Files that go along


async def send(site: Site, path: str, fields: dict[str, Any], **files: Any) -> Any:
    return await site.client.post(path, data=fields, files=files, headers={**FROM_HERE, **PART})


async def test_a_large_file_is_read_while_it_is_sent_and_kept_with_no_saved_request(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_form, "MOST_INLINE_BYTES", 1000)
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/echo", method="POST", body="file")
    fields |= {"body_type": "application/zip", "name": "upload"}
    file = ("a.zip", b"PK" * 50_000, "application/zip")
    ran = await send(site, "/requests/run", fields, body_file=file)
    assert "200 OK" in ran.text
    sent = site.world.server.journal.at("api")[-1].incoming
    assert (len(sent.body), sent.header("Content-Type")) == (100_000, "application/zip")
    saved = await send(site, "/requests/save", fields, body_file=file)
    assert "are not kept with a request" in html.unescape(saved.text)


async def test_a_small_file_is_kept_with_a_saved_request(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/echo", method="POST", body="file", name="upload")
    saved = await send(site, "/requests/save", fields, body_file=("a.bin", b"\0\1", "x/y"))
    path = saved.headers["HX-Replace-Url"]
    page = await site.get(path)
    assert "a.bin (2 B) is kept" in page.text
    found = await site.world.engine.requests.find(LOCAL, "upload")
    assert found.spec.content is not None
    assert found.spec.content.data == b"\0\1"


async def test_parts_with_files_go_out_as_they_came(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_form, "MOST_INLINE_BYTES", 10)
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/echo", method="POST", body="multipart")
    fields |= {"part_name": "doc", "part_kind": "file", "part_value": ""}
    ran = await send(site, "/requests/run", fields, part_file=("a.txt", b"x" * 100, "text/plain"))
    assert "200 OK" in ran.text
    sent = site.world.server.journal.at("api")[-1].incoming
    assert b'name="doc"; filename="a.txt"' in sent.body
    assert b"x" * 100 in sent.body


async def test_the_services_own_words_are_quoted(site: Site) -> None:
    connection = await site.world.authorized()
    said = {"error": {"message": "The quantity must be positive."}}
    site.world.server.script("api", Replace(Answer.json(said, status=422)))
    answer = await part(site, "/requests/run", with_connection(connection, url="/orders"))
    assert '<blockquote class="their-words">The quantity must be positive.' in answer.text


async def test_all_settings_are_kept_with_a_saved_request(site: Site) -> None:
    fields = form(url="https://a.example/", name="kept", retries="on", fail_on="404", **PAGED)
    await part(site, "/requests/save", {**fields, "page_items": "data", "minimum_tls": "1.3"})
    saved = await site.world.engine.requests.find(LOCAL, "kept")
    assert saved.spec.retry is not None
    assert saved.spec.pagination is not None
    assert saved.spec.fail_on == ("404",)
    page = (await site.get(f"/requests/{saved.id}")).text
    assert "3 changed" in page
    assert 'value="data"' in page
    assert RequestSpec(url="/").fail_on == ()
