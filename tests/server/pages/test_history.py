"""The history: runs in a list and one by one, their bodies, and opening one as a request."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import pytest

from grantline.calls.answers.response import Response
from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.bodies.content import json_content
from grantline.calls.request import RequestSpec
from grantline.connections.connection import Connection
from grantline.connections.credentials.credential import Kind, ids_of
from grantline.connections.engine import LOCAL
from grantline.connections.requests.run_detail import SeenBody
from grantline.connections.requests.runs import Run
from grantline.server.pages.requests.answer import Body, Branch, body_of
from grantline.server.pages.requests.bench import Shelf
from grantline.testing.clock import JumpingClock
from tests.connections.credential_values import new_credential
from tests.server.conftest import Site, a_site
from tests.server.pages.requests.test_saved import value_of


async def a_run(site: Site, connection: Connection, url: str = "/me", **spec: Any) -> Run:
    """A run, as the command line or the API would leave it."""
    made = await site.world.engine.make_request(
        LOCAL, RequestSpec(url=url, **spec), connection_id=connection.id
    )
    assert made.run is not None
    return made.run


async def test_the_empty_history_teaches_the_next_step(site: Site) -> None:
    answer = await site.get("/history")
    assert "No runs yet" in answer.text


async def test_filters_are_in_the_address(site: Site) -> None:
    connection = await site.world.authorized()
    other = await site.world.authorized("other")
    await a_run(site, connection, "/me")
    await a_run(site, other, "/status/404")
    await a_run(site, connection, "https://elsewhere.example/")
    for query, shown, hidden in (
        ("status=4", "/api/status/404", "/api/me"),
        ("status=0", "elsewhere.example", "/api/me"),
        (f"connection={other.id}", "/api/status/404", "/api/me"),
        ("q=elsewhere", "elsewhere.example", "/api/me"),
    ):
        answer = await site.get(f"/history?{query}")
        assert shown in answer.text, query
        assert hidden not in answer.text, query
    assert "No run fits" in (await site.get("/history?q=nothing+has+this")).text


async def test_the_list_has_pages_that_keep_the_filters(site: Site) -> None:
    connection = await site.world.authorized()
    for number in range(27):
        await a_run(site, connection, f"/orders?page={number}")
    first = html.unescape((await site.get("/history?status=2")).text)
    assert "1 to 25 of 27" in first
    assert "/history?status=2&page=2" in first
    assert "26 to 27 of 27" in (await site.get("/history?status=2&page=2")).text


async def test_a_run_shows_what_was_sent_and_received_without_the_token(site: Site) -> None:
    connection = await site.world.authorized()
    token = await site.world.token(connection)
    run = await a_run(site, connection, "/echo?reveal=1", method="POST", content=json_content([7]))
    shown = html.unescape((await site.get(f"/history/{run.id}")).text)
    assert "Bearer •••" in shown
    assert "200 OK" in shown
    assert token not in shown


async def test_a_run_without_an_answer_says_why(site: Site) -> None:
    connection = await site.world.authorized()
    run = await a_run(site, connection, "https://elsewhere.example/")
    shown = (await site.get(f"/history/{run.id}")).text
    assert "may not go to elsewhere.example" in shown
    assert "grantline connection" not in shown
    assert (await site.get(f"/history/{run.id}/body")).status_code == 404


async def test_the_body_is_served_so_that_nothing_in_it_can_act(site: Site) -> None:
    connection = await site.world.authorized()
    run = await a_run(site, connection)
    plain = await site.get(f"/history/{run.id}/body")
    assert plain.headers["content-type"].startswith("text/plain")
    assert plain.headers["content-security-policy"].startswith("sandbox;")
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert plain.headers["cache-control"] == "no-store"
    saved = await site.get(f"/history/{run.id}/body?download")
    assert saved.headers["content-disposition"] == f'attachment; filename="{run.id}.json"'


async def test_open_as_request_fills_the_form_without_what_was_masked(site: Site) -> None:
    connection = await site.world.authorized()
    run = await a_run(
        site,
        connection,
        "/echo?a=1",
        method="PUT",
        headers=(("X-Thing", "yes"),),
        content=json_content({"n": 1}),
    )
    form = await site.get(f"/requests/new?from={run.id}")
    assert value_of(form.text, "url").endswith("/api/echo?a=1")
    assert value_of(form.text, "header_key") == "X-Thing"
    assert "<option selected>PUT</option>" in form.text
    assert html.unescape(form.text).count('{"n":1}') == 1
    assert f'value="{connection.id}" selected' in form.text
    assert "•••" not in form.text


async def test_a_run_can_be_deleted(site: Site) -> None:
    run = await a_run(site, await site.world.authorized())
    assert (await site.post(f"/history/{run.id}/delete")).status_code == 303
    assert (await site.get(f"/history/{run.id}")).status_code == 404


@pytest.mark.parametrize("kind", [Kind.KEY, Kind.BASIC])
async def test_a_run_leads_back_to_a_form_with_the_credential_it_carried(
    site: Site, kind: Kind
) -> None:
    engine = site.world.engine
    kept = await engine.credentials.create(LOCAL, new_credential(kind))
    spec = RequestSpec(url=f"{site.world.server.api_url}/me")
    made = await engine.make_request(LOCAL, spec, credentials=ids_of(kind, kept.id))
    assert made.run is not None
    form = await site.get(f"/requests/new?from={made.run.id}")
    assert f'<option value="{kept.id}" selected>' in form.text
    assert "left out" not in form.text


@pytest.mark.parametrize("path", ["/history/{}", "/history/{}/body", "/requests/new?from={}"])
async def test_a_run_that_is_not_mine_is_not_found(site: Site, path: str) -> None:
    assert (await site.get(path.format("run_of_somebody_else"))).status_code == 404


def test_a_long_json_body_is_a_tree_that_says_where_it_ends() -> None:
    content = b'{"items": [' + b",".join(b'{"id": %d}' % n for n in range(80_000)) + b"]}"
    seen = SeenBody(
        data=content[:100], media_type="application/json", size=len(content), truncated=True
    )
    response = Response(
        status=200, headers=(("content-type", "application/json"),), content=content, url=""
    )
    shown = body_of(seen, response, is_kept=True)
    assert shown.tree is not None
    assert shown.tree.is_cut
    assert shown.tree.branches[0].node.path == "items"
    assert not shown.is_whole
    beginning = body_of(seen)
    assert beginning.tree is None
    assert not beginning.is_kept


def test_the_bench_makes_room_by_what_was_not_used_for_longest() -> None:
    shelf: Shelf[str] = Shelf(3 * 5000)
    for key in "abc":
        shelf.put(LOCAL, key, key, 100)
    assert shelf.get(LOCAL, "a") == "a"
    shelf.put(LOCAL, "d", "d", 100)
    assert shelf.get(LOCAL, "b") is None
    assert shelf.get(LOCAL, "a") == "a"


def read(content: bytes, media_type: str) -> Body:
    seen = SeenBody(data=content, media_type=media_type, size=len(content), truncated=False)
    return body_of(seen)


def test_csv_with_a_row_of_very_many_cells_is_shown_as_text() -> None:
    body = read(("a\n" * 500 + "1," * 300).encode(), "text/csv")
    assert body.sheet is None
    assert body.text.startswith("a\n")


def test_csv_is_a_table_that_says_how_long_it_is() -> None:
    rows = "".join(f"{number},Item {number}\n" for number in range(600))
    body = read(f"id,name\n{rows}".encode(), "text/csv; charset=utf-8")
    assert body.sheet is not None
    assert body.sheet.columns == ("id", "name")
    assert body.sheet.rows[1] == ("1", "Item 1")
    assert (len(body.sheet.rows), body.sheet.total) == (500, 600)
    assert body.tree is None


@pytest.mark.parametrize(
    ("content", "media_type", "path"),
    [
        (b'{"id": 1}\n{"id": 12345678901234567890}\n', "application/x-ndjson", "[1].id"),
        (b"<orders><order id='7'><item>x</item></order></orders>", "text/xml", "orders.order.item"),
    ],
)
def test_lines_of_json_and_xml_are_trees_whose_paths_can_be_copied(
    content: bytes, media_type: str, path: str
) -> None:
    body = read(content, media_type)
    assert path in paths(body.tree)
    assert body.text == content.decode()


def test_what_has_no_structure_or_is_wanted_raw_is_text() -> None:
    assert read(b"just words", "text/plain").tree is None
    seen = SeenBody(data=b"a,b\n1,2\n", media_type="text/csv", size=8, truncated=False)
    assert body_of(seen, parse=False).sheet is None


def paths(branch: Branch | None) -> list[str]:
    if branch is None:
        return []
    return [branch.node.path, *(path for each in branch.branches for path in paths(each))]


async def test_each_attempt_and_its_wait_are_told(tmp_path: Path) -> None:
    async with a_site(tmp_path, clock=JumpingClock()) as site:
        connection = await site.world.authorized()
        policy = RetryPolicy(attempts=3, statuses=("503",))
        run = await a_run(site, connection, "/status/503", retry=policy)
        text = html.unescape((await site.get(f"/history/{run.id}")).text)
    assert "3 attempts" in text
    assert text.count("503 Service Unavailable in") >= 3
    assert "the status asks for another attempt" in text
    assert "no more attempts were allowed" in text
