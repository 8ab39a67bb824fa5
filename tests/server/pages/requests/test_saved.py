"""The pages of requests: the form, running it, saving it, and what is never lost."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from grantline.calls.bodies.content import json_text_content
from grantline.calls.request import RequestSpec
from grantline.connections.credentials.credential import Kind
from grantline.connections.engine import LOCAL
from grantline.connections.requests.saved_requests import NewRequest
from tests.connections.credential_values import new_credential
from tests.server.conftest import Site

PART = {"HX-Request": "true"}
# What a browser sends for the boxes that are ticked at first.
USUAL = dict.fromkeys(("parse_response", "fail_on_status", "follow_redirects", "compressed"), "on")


def form(**fields: Any) -> dict[str, Any]:
    """What the form sends, with ``fields`` in it."""
    return {"method": "GET", "authentication": "none", "body": "none", **USUAL, **fields}


def with_connection(connection: Any, **fields: Any) -> dict[str, Any]:
    """The same for a request that carries a connection's token."""
    return form(authentication="oauth", connection=connection.id, **fields)


async def part(site: Site, path: str, fields: dict[str, Any], **asked: Any) -> Any:
    """What htmx gets."""
    return await site.post(path, fields, headers=PART, **asked)


def value_of(page: str, name: str) -> str:
    """The value of the first input of this name."""
    tag = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', page)
    assert tag, name
    found = re.search(r'\bvalue="([^"]*)"', tag[0])
    return html.unescape(found[1]) if found else ""


async def test_the_empty_list_teaches_the_next_step(site: Site) -> None:
    answer = await site.get("/requests")
    assert "No saved requests yet" in answer.text
    assert 'href="/requests/new"' in answer.text


async def test_a_request_with_a_connection_shows_status_time_size_headers_and_tree(
    site: Site,
) -> None:
    connection = await site.world.authorized()
    answer = await part(site, "/requests/run", with_connection(connection, url="/orders?page=2"))
    assert answer.status_code == 200
    for words in ("200 OK", "ms</span>", " B</span>", "Headers ", "Copy the path items[0].id"):
        assert words in answer.text


async def test_without_scripts_a_run_leads_to_a_page_that_can_be_loaded_again(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/me", name="Who am I", timeout="30")
    answer = await site.post("/requests/run", fields)
    assert answer.status_code == 303
    before = len(site.world.server.journal.at("api"))
    for _ in range(2):
        shown = await site.get(answer.headers["location"])
        assert "200 OK" in shown.text
        assert value_of(shown.text, "name") == "Who am I"
        assert value_of(shown.text, "timeout") == "30"
    assert len(site.world.server.journal.at("api")) == before


async def test_the_preview_is_the_request_that_is_sent_with_the_token_masked(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(
        connection,
        method="POST",
        url="/echo",
        query_key="a",
        query_value="1 2",
        header_key="X-Thing",
        header_value="yes",
        body="json",
        json='{"n": 12345678901234567890}',
    )
    seen = html.unescape((await part(site, "/requests/preview", fields)).text)
    for words in ("/api/echo?a=1+2", "Bearer •••", "X-Thing", '{"n": 12345678901234567890}'):
        assert words in seen
    assert await site.world.token(connection) not in seen
    answer = await part(site, "/requests/run", fields)
    assert "12345678901234567890" in answer.text


async def test_the_preview_masks_an_api_key(site: Site) -> None:
    fields = form(
        url="https://api.example.com/v1",
        authentication="key",
        key_name="X-Api-Key",
        key_value="sk-very-secret",
        key_placement="header",
    )
    seen = await part(site, "/requests/preview", fields)
    assert "X-Api-Key" in seen.text
    assert "sk-very-secret" not in seen.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"url": ""}, "The URL is empty."),
        ({"url": "https://a.example", "timeout": "301"}, "no number of seconds up to 300"),
        ({"url": "https://a.example", "timeout": "soon"}, "no number of seconds up to 300"),
        ({"url": "https://a.example", "body": "json", "json": '{"a":\n 1,}'}, "line 2, column 4"),
        ({"url": "https://a.example", "header_value": "x", "header_key": ""}, "no name"),
        ({"authentication": "oauth", "url": "/me"}, "No connection is chosen."),
        ({"authentication": "oauth", "connection": "con_gone", "url": "/me"}, "there no more"),
    ],
    ids=["url", "long", "word", "json", "header", "none-chosen", "gone"],
)
async def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_sent(
    site: Site, fields: dict[str, Any], says: str
) -> None:
    fields = form(**{"name": "kept name", **fields})
    answer = await part(site, "/requests/run", fields)
    assert answer.status_code == 400
    assert says in html.unescape(answer.text)
    whole = await site.post("/requests/run", fields)
    assert whole.status_code == 400
    assert says in html.unescape(whole.text)
    assert value_of(whole.text, "name") == "kept name"
    assert (await site.world.engine.runs.page(LOCAL)).total == 0


async def test_a_host_that_is_not_allowed_is_allowed_by_one_click_of_the_owner(site: Site) -> None:
    connection = await site.world.authorized()
    other = site.world.server.api_url.replace("127.0.0.1", "localhost")
    answer = await part(site, "/requests/run", with_connection(connection, url=f"{other}/me"))
    assert "may not go to localhost" in answer.text
    assert "Allow localhost and run again" in answer.text
    await part(
        site,
        "/requests/allow-host?host=localhost",
        with_connection(connection, url=f"{other}/me"),
    )
    assert "localhost" in (await site.world.find(connection)).hosts


async def test_a_connection_without_consent_leads_to_it_and_back(site: Site) -> None:
    connection = await site.world.draft()
    fields = with_connection(connection, url="/me", name="Later")
    answer = await part(site, "/requests/run", fields)
    assert "Give consent" in answer.text
    leads = await site.post("/requests/connect-again", fields)
    assert leads.status_code == 303
    query = parse_qs(urlsplit(leads.headers["location"]).query)
    back = await site.get(query["return_to"][0])
    assert value_of(back.text, "name") == "Later"
    assert value_of(back.text, "url") == "/me"


async def test_creating_a_connection_loses_nothing_not_even_files(site: Site) -> None:
    answer = await site.post(
        "/requests/create-connection",
        form(
            method="POST",
            url="/upload",
            body="multipart",
            part_name="photo",
            part_kind="file",
            raw="typed and not used",
            key_value="typed-key",
        ),
        files={"part_file": ("cat.png", b"\x89PNG cat", "image/png")},
    )
    assert answer.headers["location"].startswith("/connections/new?return_to=")
    back = parse_qs(urlsplit(answer.headers["location"]).query)["return_to"][0]
    connection = await site.world.authorized()
    shown = await site.get(f"{back}&connection={connection.id}")
    assert "cat.png" in shown.text
    assert "typed and not used" in shown.text
    assert value_of(shown.text, "key_value") == "typed-key"
    assert f'value="{connection.id}" selected' in shown.text
    digest = value_of(shown.text, "part_kept")
    sent = await part(
        site,
        "/requests/run",
        with_connection(
            connection,
            method="POST",
            url="/echo",
            body="multipart",
            part_name="photo",
            part_kind="file",
            part_kept=digest,
            part_filename="cat.png",
            part_type="image/png",
        ),
    )
    assert "PNG cat" in html.unescape(sent.text)


async def test_a_draft_of_somebody_else_is_not_shown(site: Site) -> None:
    answer = await site.get("/requests/new?draft=guessed")
    assert "What was typed here before is gone" in answer.text


async def test_what_was_typed_is_there_when_the_page_is_loaded_again(site: Site) -> None:
    fields = form(url="https://a.example/typed", ticket="tab-1", touched="yes", name="half done")
    answer = await part(site, "/requests/preview", fields)
    address = answer.headers["HX-Replace-Url"]
    assert address == "/requests/new?draft=tab-1"
    shown = await site.get(address)
    assert value_of(shown.text, "url") == "https://a.example/typed"
    untouched = await part(site, "/requests/preview", {**fields, "touched": ""})
    assert "HX-Replace-Url" not in untouched.headers


async def test_a_scope_that_is_missing_leads_to_the_scopes_of_the_connection(site: Site) -> None:
    connection = await site.world.authorized()
    answer = await part(site, "/requests/run", with_connection(connection, url="/admin"))
    assert "The token lacks a scope." in answer.text
    assert f'href="/connections/{connection.id}/edit"' in answer.text


async def test_saving_keeps_everything_and_follows_the_connection(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(
        connection,
        name="Page of orders",
        url="/orders",
        query_key="page",
        query_value="2",
        timeout="12",
        parse_response="",
    )
    answer = await site.post("/requests/save", fields)
    assert answer.status_code == 303
    shown = await site.get(answer.headers["location"])
    assert value_of(shown.text, "query_value") == "2"
    assert value_of(shown.text, "timeout") == "12"
    assert not re.search(r'id="field-parse-response"[^>]* checked', shown.text)
    listed = await site.get("/requests?q=PAGE")
    assert "Page of orders" in listed.text
    assert "demo" in listed.text
    assert "No request fits" in (await site.get("/requests?q=zzz")).text


async def test_a_request_without_a_name_is_saved_under_its_method_and_url(site: Site) -> None:
    fields = form(url="https://api.example.com/v1/items?x=1")
    for name in ("GET api.example.com/v1/items", "GET api.example.com/v1/items 2"):
        answer = await site.post("/requests/save", fields)
        assert value_of((await site.get(answer.headers["location"])).text, "name") == name


async def test_a_save_that_is_refused_says_so_and_leaves_the_form_alone(site: Site) -> None:
    saved = form(url="https://a.example", name="taken")
    assert (await part(site, "/requests/save", saved)).status_code == 200
    answer = await part(site, "/requests/save", saved)
    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == "#notices"
    assert "Nothing was saved." in answer.text


async def test_two_tabs_do_not_overwrite_each_other_silently(site: Site) -> None:
    saved = await site.world.engine.requests.create(
        LOCAL, NewRequest(name="shared", spec=RequestSpec(url="https://a.example/one"))
    )
    mine = {"request_id": saved.id, "version": "1", "name": "shared"}
    first = await part(site, "/requests/save", form(**mine, url="https://a.example/two"))
    assert first.status_code == 200
    assert value_of(first.text, "version") == "2"
    second = await part(site, "/requests/save", form(**mine, url="https://a.example/three"))
    assert second.status_code == 409
    assert "Nothing was overwritten" in second.text
    kept = await site.world.engine.requests.find(LOCAL, saved.id)
    assert kept.spec.url == "https://a.example/two"
    over = form(**mine, url="https://a.example/three")
    assert (await part(site, "/requests/save?over=newer", over)).status_code == 200
    copy = form(**{**mine, "name": "my own"}, url="https://a.example/four")
    assert (await part(site, "/requests/save?as=new", copy)).status_code == 200
    assert (await site.world.engine.requests.page(LOCAL)).total == 2


async def test_a_typed_key_is_kept_as_a_credential_and_never_shown_again(site: Site) -> None:
    engine = site.world.engine
    typed = {"key_name": "X-Api-Key", "key_placement": "header", "key_value": "sk-typed-secret"}
    url = f"{site.world.server.api_url}/me"
    fields = form(name="keyed", url=url, authentication="key", **typed)
    assert "sk-typed-secret" in (await part(site, "/requests/code?reveal=yes", fields)).text

    answer = await part(site, "/requests/save", fields)

    saved = await engine.requests.find(LOCAL, "keyed")
    kept = await engine.credentials.find(LOCAL, "keyed")
    assert answer.headers["HX-Redirect"] == f"/requests/{saved.id}"
    assert saved.credentials.credential_id == kept.id
    shown = await site.get(f"/requests/{saved.id}")
    assert "sk-typed-secret" not in shown.text
    assert f'<option value="{kept.id}" selected>' in shown.text

    again = form(
        request_id=saved.id,
        version="1",
        name="keyed",
        url=url,
        authentication="key",
        key_id=kept.id,
    )
    assert (await part(site, "/requests/save", again)).status_code == 200
    assert (await engine.credentials.page(LOCAL)).total == 1
    await part(site, "/requests/run", again)
    (entry,) = site.world.server.journal.at("api")
    assert entry.incoming.header("X-Api-Key") == "sk-typed-secret"
    for path in ("/requests/preview", "/requests/code", "/requests/code?reveal=yes"):
        text = (await part(site, path, again)).text
        assert "X-Api-Key" in text
        assert "sk-typed-secret" not in text
    assert "--credential keyed" in text


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (Kind.BASIC, "basic_id"),
        (Kind.CERTIFICATE, "certificate_id"),
        (Kind.AUTHORITY, "authority_id"),
        (Kind.PROXY, "proxy_id"),
    ],
)
async def test_a_form_comes_back_with_each_credential_that_was_chosen(
    site: Site, kind: Kind, field: str
) -> None:
    engine = site.world.engine
    kept = await engine.credentials.create(LOCAL, new_credential(kind))
    chosen = {field: kept.id, "authentication": "basic" if kind is Kind.BASIC else "none"}
    fields = form(name="chosen", url="https://127.0.0.1/", **chosen)
    assert (await site.post("/requests/save", fields)).status_code == 303
    saved = await engine.requests.find(LOCAL, "chosen")
    selected = f'<option value="{kept.id}" selected>'
    assert selected in (await site.get(f"/requests/{saved.id}")).text
    assert selected in (await site.get(f"/requests/new?credential={kept.id}")).text

    await engine.credentials.delete(LOCAL, kept.id)
    assert "It was deleted: choose another" in (await site.get(f"/requests/{saved.id}")).text


async def test_a_way_to_a_new_credential_leads_back_with_it_chosen(site: Site) -> None:
    fields = form(url="https://127.0.0.1/orders", name="mine")
    there = await site.post("/requests/create-credential?kind=key", fields)
    location = there.headers["location"]
    assert location.startswith("/credentials/new?kind=key&return_to=%2Frequests%2Fnew%3Fdraft%3D")
    assert "Back to the request" in (await site.get(location)).text
    back = parse_qs(urlsplit(location).query)["return_to"][0]
    typed = {"kind": "key", "name": "k", "key_name": "X-K", "value": "v", "hosts": "127.0.0.1"}
    made = await site.post("/credentials/new", {**typed, "return_to": back})
    page = await site.get(made.headers["location"])
    kept = await site.world.engine.credentials.find(LOCAL, "k")
    assert f'<option value="{kept.id}" selected>' in page.text
    assert value_of(page.text, "url") == "https://127.0.0.1/orders"


async def test_the_owner_allows_a_host_for_a_credential_where_it_was_refused(site: Site) -> None:
    engine = site.world.engine
    kept = await engine.credentials.create(LOCAL, new_credential(Kind.KEY, hosts=("a.example",)))
    fields = form(url=f"{site.world.server.api_url}/me", authentication="key", key_id=kept.id)
    assert "may not go to 127.0.0.1" in (await part(site, "/requests/preview", fields)).text
    assert "Allow 127.0.0.1" in (await part(site, "/requests/run", fields)).text
    assert site.world.server.journal.count("api") == 0
    await part(site, "/requests/allow-host?host=127.0.0.1", fields)
    assert site.world.server.journal.count("api") == 1
    assert (await engine.credentials.find(LOCAL, kept.id)).hosts == ("127.0.0.1", "a.example")


async def test_duplicate_and_delete(site: Site) -> None:
    engine = site.world.engine
    spec = RequestSpec(url="https://a.example", content=json_text_content("{}"), method="POST")
    saved = await engine.requests.create(LOCAL, NewRequest(name="one", spec=spec))
    answer = await site.post(f"/requests/{saved.id}/duplicate")
    assert answer.status_code == 303
    assert (await engine.requests.find(LOCAL, "one 2")).spec == spec
    await site.post(f"/requests/{saved.id}/delete")
    assert (await site.get(f"/requests/{saved.id}")).status_code == 404


async def test_a_pasted_curl_command_fills_the_form_and_says_what_was_left_out(
    site: Site,
) -> None:
    command = "curl -u ada:pw 'https://api.example.com/v1?a=1' -d @b.json -H 'Accept: text/csv'"
    answer = await site.post("/requests/curl", form(curl=command, name="mine"))
    assert answer.status_code == 200
    assert value_of(answer.text, "url") == "https://api.example.com/v1"
    assert value_of(answer.text, "query_key") == "a"
    assert value_of(answer.text, "username") == "ada"
    assert value_of(answer.text, "name") == "mine"
    assert "reads the file b.json" in answer.text
    wrong = await site.post("/requests/curl", form(curl="wget x", url="https://kept.example"))
    assert "no cURL command" in wrong.text
    assert value_of(wrong.text, "url") == "https://kept.example"
    assert "wget x" in wrong.text


async def test_code_masks_the_token_unless_asked(site: Site) -> None:
    connection = await site.world.authorized()
    token = await site.world.token(connection)
    fields = with_connection(connection, url="/me")
    masked = html.unescape((await part(site, "/requests/code", fields)).text)
    assert "Authorization: Bearer •••" in masked
    assert token not in masked
    assert "Connections.open().get('demo')" in masked
    assert "grantline request GET /me" in masked
    assert token in (await part(site, "/requests/code?reveal=yes", fields)).text


async def test_a_status_is_an_error_only_when_that_is_wanted(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/status/404")
    assert "answered with status 404" in (await part(site, "/requests/run", fields)).text
    calm = await part(site, "/requests/run", {**fields, "fail_on_status": ""})
    assert "404 Not Found" in calm.text
    assert "answered with status 404" not in calm.text


async def test_a_token_that_expired_is_renewed_within_the_run(site: Site) -> None:
    connection = await site.world.authorized()
    site.world.server.expire_access_tokens()
    answer = await part(site, "/requests/run", with_connection(connection, url="/me"))
    assert "200 OK" in answer.text
    assert "token renewed, sent twice" in answer.text


async def test_a_dead_grant_leads_to_a_new_consent(site: Site) -> None:
    connection = await site.world.authorized()
    site.world.server.revoke_grants()
    answer = await part(site, "/requests/run", with_connection(connection, url="/me"))
    assert "Connect again" in answer.text
    assert "What helps" in answer.text


async def test_redirects_are_listed_or_shown(site: Site) -> None:
    connection = await site.world.authorized()
    fields = with_connection(connection, url="/redirect")
    assert "1 redirect to" in (await part(site, "/requests/run", fields)).text
    shown = await part(site, "/requests/run", {**fields, "follow_redirects": ""})
    assert "302 Found" in shown.text


async def test_a_request_that_runs_can_be_cancelled(site: Site) -> None:
    connection = await site.world.authorized()
    await site.world.token(connection)
    fields = with_connection(connection, url="/me", ticket="this-one")
    answers: list[Any] = []

    async def run() -> None:
        answers.append(await part(site, "/requests/run", fields))

    with site.world.server.hold("api", "received") as hold:
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            await hold.reached()
            await site.post("/requests/cancel", {"ticket": "another"})
            assert not answers
            await site.post("/requests/cancel", {"ticket": "this-one"})
    assert "The service may have received it" in answers[0].text
    assert (await part(site, "/requests/run", fields)).status_code == 200


async def test_cancelling_what_does_not_run_does_nothing(site: Site) -> None:
    assert (await site.post("/requests/cancel", {"ticket": "x"})).status_code == 204
