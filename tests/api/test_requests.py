"""Requests over the API: once, saved, and in the history."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from grantline.messages import HttpRequest, HttpResponse
from grantline.testing.authorization_server import Answer, Replace
from tests.api.conftest import Api, Inhabited
from tests.canary import assert_no_canary

CANARY = "canary-key-5d3f1a9b7c2e"


def saved(**more: Any) -> dict[str, Any]:
    return {"name": "me", "url": "/me", "connection": "demo", **more}


def echo(api: Api) -> str:
    return api.world.server.api_url + "/echo"


async def test_a_request_carries_the_token_and_leaves_a_run(api: Api) -> None:
    found = await api.world.authorized()
    asked = {"url": "/me", "connection": "demo", "query": [["page", "2"]]}

    made = await api.post("/requests", asked, key=api.use)

    assert made["status"] == 200
    assert '"demo-user"' in made["body"]
    assert made["body_base64"] is None
    assert made["attempts"] == 1
    runs = await api.get("/runs", params={"connection_id": found.id, "status_class": 2})
    (run,) = runs["items"]
    assert run["id"] == made["run"]
    assert run["url"].endswith("/me?page=2")
    detail = await api.get(f"/runs/{made['run']}")
    assert ["Authorization", "Bearer •••"] in detail["request"]["headers"]
    assert detail["response"]["status"] == 200
    assert detail["error"] is None


async def test_a_run_is_left_out_or_deleted(api: Api) -> None:
    await api.world.authorized()
    asked = {"url": "/me", "connection": "demo"}

    silent = await api.post("/requests", {**asked, "record": False})
    kept = await api.post("/requests", asked)

    assert silent["run"] is None
    assert (await api.get("/runs"))["total"] == 1
    gone = await api.call("DELETE", f"/runs/{kept['run']}")
    assert gone.status_code == 204
    assert (await api.refused("GET", f"/runs/{kept['run']}"))["code"] == "not_found"


async def test_an_answer_of_the_service_is_an_answer_whatever_its_status(api: Api) -> None:
    await api.world.authorized()
    made = await api.post("/requests", {"url": "/nowhere", "connection": "demo"})
    assert made["status"] == 404


async def test_a_request_that_cannot_be_made_is_a_problem(api: Api) -> None:
    await api.world.authorized()
    asked = {"url": "https://elsewhere.example/", "connection": "demo"}
    problem = await api.refused("POST", "/requests", asked)
    assert problem["code"] == "egress_blocked"
    assert problem["rule"] == "host_not_allowed"
    (run,) = (await api.get("/runs", params={"status_class": 0}))["items"]
    assert run["error_code"] == "egress_blocked"
    assert problem["run"] == run["id"]
    silent = await api.refused("POST", "/requests", {**asked, "record": False})
    assert "run" not in silent


@pytest.mark.parametrize(
    ("content", "kind", "sent"),
    [
        ({"json": {"a": [1, None]}}, "application/json", b'{"a":[1,null]}'),
        ({"json": None}, "application/json", b"null"),
        ({"form": [["a", "b c"]]}, "application/x-www-form-urlencoded", b"a=b+c"),
        ({"text": "é"}, "text/plain; charset=utf-8", "é".encode()),
        ({"text": "<a/>", "media_type": "text/xml"}, "text/xml", b"<a/>"),
        ({"base64": base64.b64encode(b"\0\1").decode()}, "application/octet-stream", b"\0\1"),
    ],
)
async def test_a_body_is_sent_as_it_was_meant(
    api: Api, content: dict[str, Any], kind: str, sent: bytes
) -> None:
    asked = {"method": "post", "url": echo(api), "content": content}

    await api.post("/requests", asked)

    (entry,) = api.world.server.journal.at("api")
    assert entry.incoming.method == "POST"
    assert entry.incoming.body.replace(b": ", b":").replace(b", ", b",") == sent
    assert ("content-type", kind) in {
        (name.lower(), value) for name, value in entry.incoming.headers
    }


@pytest.mark.parametrize(
    "change",
    [
        {"content": {}},
        {"content": {"json": 1, "text": "x"}},
        {"content": {"json": 1, "media_type": "text/plain"}},
        {"content": {"json": float("nan")}},
        {"content": {"base64": "é"}},
        {"headers": [["one"]]},
        {"headers": [["Authorization", "•••"]]},
        {"headers": {"a": "b"}},
        {"timeout_s": 0},
        {"timeout_s": 301},
        {"timeout_s": "5"},
        {"follow_redirects": 1},
        {"credential": {"kind": "key"}},
        {"proxy": "weather"},
        {"fail_on": ["sometimes"]},
        {"retry": {"attempts": 0}},
        {"retry": {"tries": 3}},
        {"array_style": "php"},
        {"content": {"multipart": [{"name": "a"}]}},
        {"content": {"multipart": [{"name": "a", "text": "b"}], "media_type": "a/b"}},
        {"url": 5},
    ],
)
async def test_a_request_of_the_wrong_shape_is_refused(
    inhabited: Inhabited, change: dict[str, Any]
) -> None:
    api = inhabited.api
    sent = len(api.world.server.journal.at("api"))
    asked = {"url": echo(api), **change}
    problem = await api.refused("POST", "/requests", asked)
    assert problem["status"] == 400
    assert problem["code"] == "invalid_input"
    assert len(api.world.server.journal.at("api")) == sent


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "key", "key_name": "X-Service", "value": CANARY, "prefix": "Token"},
        {"kind": "key", "key_name": "k", "value": CANARY, "placement": "query"},
        {"kind": "basic", "username": "ada", "password": CANARY},
    ],
)
async def test_a_credential_is_carried_and_never_shown(api: Api, given: dict[str, Any]) -> None:
    kept = await api.post(
        "/credentials", {"name": "mine", "hosts": ["127.0.0.1"], **given}, status=201
    )
    asked = {"name": "keyed", "url": echo(api) + "?limit=1", "credential": "mine"}
    shown = [await api.call("POST", "/saved-requests", asked)]
    sight = shown[0].json()
    assert (sight["credential_id"], sight["proxy_id"]) == (kept["id"], None)

    ran = await api.post("/saved-requests/keyed/run")
    await api.post("/requests", {"url": echo(api), "credential": kept["id"]}, key=api.use)

    for entry in api.world.server.journal.at("api"):
        carried = f"{entry.incoming.headers} {entry.incoming.query}"
        assert CANARY in carried or "Basic YWRhO" in carried
    paths = ("/saved-requests", "/saved-requests/keyed", "/runs", f"/runs/{ran['run']}")
    shown += [await api.call("GET", path) for path in paths]
    shown.append(await api.call("PATCH", "/saved-requests/keyed", {"name": "other"}))
    assert shown[-1].json()["credential_id"] == kept["id"]
    assert_no_canary([CANARY], *(each.content for each in shown))


async def test_a_saved_request_is_edited_field_by_field(api: Api) -> None:
    await api.world.authorized()
    headers = [["X-Trace", "1"], ["X-Api-Key", CANARY]]
    made = await api.call("POST", "/saved-requests", saved(headers=headers, timeout_s=30))
    assert made.status_code == 201
    assert made.json()["headers"] == [["X-Trace", "1"], ["X-Api-Key", "•••"]]
    assert made.headers["location"] == f"/api/v1/saved-requests/{made.json()['id']}"

    change = {"url": "/echo", "timeout_s": None, "content": {"json": {"a": 1}}, "method": "POST"}
    edited = await api.call("PATCH", "/saved-requests/me", change, headers={"If-Match": '"1"'})
    await api.post("/saved-requests/me/run", key=api.use)

    view = edited.json()
    assert view["version"] == 2
    assert view["timeout_s"] is None
    assert view["method"] == "POST"
    assert view["content"]["body"] == '{"a":1}'
    (entry,) = api.world.server.journal.at("api")
    assert CANARY in str(entry.incoming.headers)
    problem = await api.refused("PATCH", "/saved-requests/me", {"name": "x", "version": 1})
    assert problem["code"] == "connection_changed"


async def test_null_removes_and_absence_keeps(api: Api) -> None:
    found = await api.world.authorized()
    await api.post("/saved-requests", saved(content={"text": "x"}), status=201)

    renamed = await api.call("PATCH", "/saved-requests/me", {"name": "mine"})
    bare = await api.call(
        "PATCH", "/saved-requests/mine", {"connection": None, "content": None, "url": echo(api)}
    )
    basic = {"name": "me", "kind": "basic", "username": "ada", "password": "pw"}
    await api.post("/credentials", {**basic, "hosts": ["127.0.0.1"]}, status=201)
    keyed = await api.call("PATCH", "/saved-requests/mine", {"credential": "me"})
    unkeyed = await api.call("PATCH", "/saved-requests/mine", {"credential": None})

    assert renamed.json()["connection_id"] == found.id
    assert renamed.json()["content"]["body"] == "x"
    assert bare.json()["connection_id"] is None
    assert bare.json()["content"] is None
    assert keyed.json()["credential_id"].startswith("crd_")
    assert unkeyed.json()["credential_id"] is None


async def test_saved_requests_are_listed_copied_counted_and_deleted(api: Api) -> None:
    await api.world.authorized()
    await api.post("/saved-requests", saved(), status=201)

    copy = await api.post("/saved-requests/me/duplicate", {"name": "too"}, status=201)
    listed = await api.get("/saved-requests", params={"q": "TOO"}, key=api.use)
    uses = await api.get("/connections/demo/uses", key=api.use)
    second = await api.get("/connections/demo/uses", params={"offset": 1, "limit": 1})
    connections = await api.get("/connections", key=api.use)
    gone = await api.call("DELETE", f"/saved-requests/{copy['id']}")

    assert [each["name"] for each in listed["items"]] == ["too"]
    assert [each["name"] for each in uses["items"]] == ["me", "too"]
    assert [each["name"] for each in second["items"]] == ["too"]
    assert second["total"] == 2
    assert connections["items"][0]["uses"] == 2
    assert gone.json()["name"] == "too"
    assert (await api.refused("GET", "/saved-requests/too"))["code"] == "not_found"


class Odd:
    """A service that sends bytes which are no text, and names codecs that are not about text."""

    def __init__(self, charset: str) -> None:
        self._kind = f"text/plain; charset={charset}"

    async def send(self, _request: HttpRequest, **_: Any) -> HttpResponse:
        headers = (("content-type", self._kind), ("x-odd", "caf\udce9"))
        return HttpResponse(200, headers, b"\\ud800 \xff", "https://odd.example/")


@pytest.mark.parametrize(
    "charset",
    ["utf-8", "unicode_escape", "raw_unicode_escape", "hex", "idna", "nonsense"],
)
async def test_an_answer_of_any_bytes_is_shown(
    api: Api, charset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.world.engine.context, "transport", Odd(charset))
    made = await api.post("/requests", {"url": "https://odd.example/"})
    assert base64.b64decode(made["body_base64"]) == b"\\ud800 \xff"
    assert made["headers"][1] == ["x-odd", "caf?"]
    detail = await api.get(f"/runs/{made['run']}")
    assert detail["response"]["headers"][1] == ["x-odd", "caf?"]


async def test_a_body_that_is_no_text_is_shown_as_base64(api: Api) -> None:
    content = {"base64": base64.b64encode(b"\xff\0").decode(), "media_type": "image/png"}
    made = await api.post(
        "/saved-requests", {"name": "png", "url": echo(api), "content": content}, status=201
    )
    assert made["content"] == {
        "media_type": "image/png",
        "size_bytes": 2,
        "body": None,
        "body_base64": content["base64"],
    }


async def test_what_an_answer_says_comes_with_every_digit(api: Api) -> None:
    body = b'{"n": 12345678901234567890123, "d": 0.10000000000000000001, "s": "\\ud800"}'
    headers = (("Content-Type", "application/json"), ("Set-Cookie", "a=1; Path=/"))
    api.world.server.script("api", Replace(Answer(200, body, headers)))

    answer = await api.call("POST", "/requests", {"url": echo(api)})

    assert '"data": {"n": 12345678901234567890123, "d": 0.10000000000000000001' in answer.text
    assert answer.json()["cookies"] == {"a": "1"}
    assert answer.json()["size_bytes"] == len(body)


@pytest.mark.parametrize(
    ("content", "more", "data"),
    [
        (b"<a><b>1</b></a>", {}, {"a": {"b": "1"}}),
        (b'{"a": 1}\n{"a": 2}', {}, [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}', {"parse_response": False}, None),
        (b"plain", {}, None),
        (b"\x89PNG\x00", {}, None),
        (b"[" * 5000 + b"]" * 5000, {}, None),
        (b"[" * 900 + b"]" * 900, {}, None),
        (b'"' + b"x" * (1 << 20) + b'"', {}, None),
    ],
)
async def test_what_is_no_structure_has_no_data(
    api: Api, content: bytes, more: dict[str, Any], data: Any
) -> None:
    api.world.server.script("api", Replace(Answer(200, content)))
    made = await api.post("/requests", {"url": echo(api), **more})
    assert made["data"] == data or len(content) == 1800


async def test_an_error_status_is_a_failure_unless_it_is_not_to_be_one(api: Api) -> None:
    await api.world.authorized()
    refusal = Answer.json({"error": {"message": "No such order"}}, status=404)
    api.world.server.script("api", *[Replace(refusal)] * 2)
    asked = {"url": "/nowhere", "connection": "demo"}

    failed = await api.post("/requests", asked)
    fine = await api.post("/requests", {**asked, "fail_on": ["5xx"]})

    assert failed["failure"]["service_message"] == "No such order"
    assert failed["failure"]["code"] == "upstream_error"
    assert fine["failure"] is None


async def test_every_attempt_is_shown_and_kept(api: Api) -> None:
    await api.world.authorized()
    busy = Answer(503, b"", (("Retry-After-Ms", "0"),))
    api.world.server.script("api", Replace(busy))
    retry = {"attempts": 2, "first_wait_s": 0}

    made = await api.post("/requests", {"url": "/me", "connection": "demo", "retry": retry})
    run = await api.get(f"/runs/{made['run']}")

    assert [(each["status"], each["reason"]) for each in made["attempt_log"]] == [
        (503, "status"),
        (200, "answered"),
    ]
    assert run["attempt_log"] == made["attempt_log"]


async def test_a_form_with_a_file_and_the_rest_of_the_fields_arrive(api: Api) -> None:
    parts = [
        {"name": "note", "text": "é"},
        {"name": "photo", "base64": "AAE=", "filename": "a.png", "media_type": "image/png"},
    ]
    asked = {
        "method": "PUT",
        "url": echo(api),
        "query": [["id", "1"], ["id", "2"]],
        "array_style": "comma",
        "content": {"multipart": parts},
        "compress": True,
        "accept_compressed": False,
        "connect_timeout_s": 5,
    }

    await api.post("/requests", asked)

    (entry,) = api.world.server.journal.at("api")
    assert entry.incoming.query == (("id", "1,2"),)
    assert b'filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x00\x01\r\n' in entry.incoming.body
    assert entry.incoming.header("Content-Encoding") == "gzip"
    assert entry.incoming.header("Accept-Encoding") == "identity"


async def test_a_saved_request_keeps_every_field(api: Api) -> None:
    await api.world.authorized()
    fields = {
        "array_style": "indexed",
        "compress": True,
        "accept_compressed": False,
        "connect_timeout_s": 2.5,
        "parse_response": False,
        "fail_on": ["404", "500-504"],
        "retry": {"attempts": 5, "methods": ["post"]},
        "pagination": {"type": "token", "next": "meta.next", "size": 10},
    }

    made = await api.post("/saved-requests", saved(**fields), status=201)

    assert made["retry"]["methods"] == ["POST"]
    assert made["retry"]["longest_wait_s"] == 30
    assert made["pagination"]["size"] == 10
    for name in set(fields) - {"retry", "pagination"}:
        assert made[name] == fields[name]
    edited = await api.call(
        "PATCH", "/saved-requests/me", {"retry": None, "pagination": None, "fail_on": []}
    )
    assert edited.json()["retry"] is None
    assert edited.json()["pagination"] is None
    assert edited.json()["fail_on"] == []
    assert edited.json()["compress"] is True


async def test_a_list_is_got_page_by_page(api: Api) -> None:
    await api.world.authorized()
    pages: list[dict[str, Any]] = [{"items": [1.5, "é"], "next": "b"}, {"items": [3], "next": None}]
    api.world.server.script("api", *(Replace(Answer.json(each)) for each in pages))
    asked = {
        "url": "/orders",
        "connection": "demo",
        "pagination": {"type": "token", "next": "next"},
    }

    first = await api.post("/requests/page", asked, key=api.use)
    second = await api.post("/requests/page", {**asked, "resume_from": first["resume"]})

    assert (first["number"], first["items"], first["stop"]) == (1, [1.5, "é"], None)
    assert (second["number"], second["items"], second["stop"]) == (2, [3], "no_next")
    assert second["resume"] is None


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 400),
        ({"pagination": {"type": "token"}}, 400),
        ({"pagination": {"type": "page"}, "resume_from": "x"}, 400),
        ({"pagination": {"type": "magic"}}, 400),
        ({"pagination": {"type": "page"}, "url": "/status/500"}, 502),
    ],
)
async def test_a_page_that_cannot_be_had_is_a_problem(
    api: Api, change: dict[str, Any], status: int
) -> None:
    await api.world.authorized()
    problem = await api.refused(
        "POST", "/requests/page", {"url": "/me", "connection": "demo", **change}
    )
    assert problem["status"] == status
