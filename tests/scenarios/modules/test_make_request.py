"""*Make a request*, *Retrieve headers*, *Resolve a URL*: what they give, and what they refuse."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.pagination import Pagination, PaginationType
from grantline.connections.engine import LOCAL
from grantline.errors import ConnectionNotFound, NotAuthorized
from grantline.scenarios.definition.modules import (
    Body,
    BodyKind,
    Does,
    Part,
    ResolveUrl,
    RetrieveHeaders,
)
from grantline.scenarios.modules import make_request
from grantline.testing.authorization_server import Answer, Replace
from tests.connections.world import World
from tests.recorder import Arrived, Play, answer, recorder
from tests.scenarios.modules.workshop import Workshop, call, download, request

JSON = "Content-Type: application/json"
PNG = b"\x89PNG\r\n\x1a\n\0\1\2"


async def test_an_answer_is_a_bundle_and_what_was_filled_in_is_kept(
    world: World, workshop: Workshop
) -> None:
    found = await world.authorized()
    workshop.names |= {"input": {"who": "Ada & Co"}, "2": {"data": {"ids": [1, 2.5, None]}}}

    done = await workshop.does(
        request(
            "/echo",
            connection_id=found.id,
            method="POST",
            query=(("q", "{{ input.who }}"),),
            headers=(("X-Who", "{{ input.who }}"),),
            body=Body(kind=BodyKind.JSON, json={"ids": "{{ 2.data.ids }}"}),
        )
    )

    assert done.error is None
    assert done.output["status"] == 200
    assert done.output["url"] == f"{world.server.api_url}/echo?q=Ada+%26+Co"
    assert done.output["headers"]["content-type"] == "application/json"
    assert done.output["data"]["json"] == {"ids": [1, 2.5, None]}
    assert done.input == {
        "method": "POST",
        "url": "/echo?q=Ada+%26+Co",
        "connection": found.id,
        "headers": {"X-Who": "Ada & Co"},
        "body": {"ids": [1, 2.5, None]},
    }
    assert (await world.engine.runs.page(LOCAL)).total == 0


@pytest.mark.parametrize(
    ("head", "body", "data"),
    [
        (JSON, b'{"n": 10000000000000000000000}', {"n": 10**22}),
        ("Content-Type: application/xml", b"<a><b>1</b><b>2</b></a>", {"a": {"b": ["1", "2"]}}),
        ("Content-Type: text/csv", b"a,b\r\n1,2\r\n", [{"a": "1", "b": "2"}]),
        ("Content-Type: text/plain", "Grüße".encode(), "Grüße"),
        (JSON, b"", None),
    ],
)
async def test_data_is_what_the_answer_says(
    workshop: Workshop, head: str, body: bytes, data: object
) -> None:
    async with recorder(answer(200, body, head)) as server:
        given = await workshop.gives(request(server.url()))
    assert given["data"] == data


async def test_repeated_headers_are_joined_and_cookies_are_a_list(workshop: Workshop) -> None:
    lines = ("X-A: 1", "X-A: 2", "Set-Cookie: a=1", "Set-Cookie: b=2", JSON)
    async with recorder(answer(200, b"{}", *lines)) as server:
        given = await workshop.gives(request(server.url()))
    assert given["headers"]["x-a"] == "1, 2"
    assert given["headers"]["set-cookie"] == ["a=1", "b=2"]


async def test_a_body_that_is_no_text_is_a_file_that_a_later_module_sends(
    workshop: Workshop,
) -> None:
    async with recorder(answer(200, PNG, "Content-Type: image/png")) as server:
        given = await workshop.gives(request(server.url("/logo.png")))
        file = given["file"]
        assert given["data"] is None
        assert (file["name"], file["media_type"], file["size"]) == ("logo.png", "image/png", 11)
        assert (workshop.home / file["path"]).read_bytes() == PNG
        await workshop.gives(
            request(
                server.url(),
                method="PUT",
                body=Body(kind=BodyKind.FILE, text="{{ 1.file }}"),
            ),
            number=2,
        )
        parts = (Part(name="title", value="Logo"), Part(name="logo", value="{{ 1.file }}"))
        sent = await workshop.does(
            request(server.url(), method="POST", body=Body(kind=BodyKind.MULTIPART, parts=parts)),
            number=3,
        )
    whole, form = server.arrived[1:]
    assert whole.body == PNG
    assert whole.header("Content-Type") == "image/png"
    assert b'name="logo"; filename="logo.png"\r\nContent-Type: image/png\r\n\r\n' + PNG in form.body
    assert b'name="title"\r\n\r\nLogo\r\n' in form.body
    told = {"file": "logo.png", "media_type": "image/png", "size": 11}
    assert sent.input["body"] == {"title": "Logo", "logo": told}


@pytest.mark.parametrize(
    "body",
    [
        Body(kind=BodyKind.FILE, text="{{ 2.data.comment }}"),
        Body(kind=BodyKind.MULTIPART, parts=(Part(name="said", value="{{ 2.data.comment }}"),)),
        Body(kind=BodyKind.FILE, text="{{ trigger.body.said }}"),
        Body(kind=BodyKind.MULTIPART, parts=(Part(name="said", value="{{ trigger.body.said }}"),)),
        Body(kind=BodyKind.FILE, text="{{ vars.said }}"),
    ],
)
@pytest.mark.parametrize("proof", [{}, {"proof": "0" * 64}])
async def test_neither_a_service_nor_who_calls_a_webhook_can_have_a_file_of_ours_sent(
    workshop: Workshop, body: Body, proof: dict[str, Any]
) -> None:
    image = answer(200, PNG, "Content-Type: image/png")
    said = {"name": "a", "path": "reports/a.png", "media_type": "image/png", "size": 11, **proof}
    comment = answer(200, json.dumps({"comment": said}).encode(), JSON)
    async with recorder(image) as images, recorder(comment) as server:
        ours = (await workshop.gives(download(images.url("/a.png"), folder="reports")))["file"]
        assert ours["path"] == said["path"]
        await workshop.gives(request(server.url()), number=2)
        workshop.names["trigger"] = {"body": {"said": said}}
        workshop.names["vars"] = {"said": said}
        told = await workshop.fails(request(server.url(), method="POST", body=body), number=3)
    assert "no module here left it" in told["message"]
    assert "opens no file" in told["hint"]
    assert len(server.arrived) == 1


async def test_what_a_service_answers_in_the_shape_of_a_file_is_sent_as_the_json_it_is(
    workshop: Workshop,
) -> None:
    said = {"name": "a", "path": "reports/a.png", "media_type": "image/png", "size": 11}
    parts = (Part(name="said", value="{{ 1.data | to_json }}"),)
    body = Body(kind=BodyKind.MULTIPART, parts=parts)
    async with recorder(answer(200, json.dumps(said).encode(), JSON)) as server:
        await workshop.gives(request(server.url()))
        await workshop.gives(request(server.url(), method="POST", body=body), number=2)
    assert b'"path":"reports/a.png"' in server.arrived[1].body.replace(b" ", b"")


async def test_a_body_of_a_file_is_sent_again_when_the_token_had_ended(
    world: World, workshop: Workshop
) -> None:
    found = await world.authorized()
    world.server.script("api", Replace(Answer(200, PNG)), Replace(Answer(401, b"")))
    await workshop.gives(download("/me", connection_id=found.id))
    body = Body(kind=BodyKind.FILE, text="{{ 1.file }}")
    given = await workshop.gives(
        request("/echo", connection_id=found.id, method="POST", body=body), number=2
    )
    assert given["data"]["body"] == PNG.decode("utf-8", "replace")
    assert len(world.refreshes()) == 1


async def test_an_error_of_the_service_keeps_what_it_said(world: World, workshop: Workshop) -> None:
    found = await world.authorized()
    token = await world.token(found)
    said = {"error": {"message": f"no {token} here"}}
    world.server.script("api", Replace(Answer.json(said, status=422)))

    done = await workshop.does(
        request("/me", connection_id=found.id, headers=(("X-Copy", f"{token}"),))
    )

    assert done.failure is not None
    assert done.failure["code"] == "upstream_error"
    assert done.failure["status"] == 422
    assert done.failure["service_message"] == "no ••• here"
    assert done.failure["hint"]
    assert json.loads(done.failure["body"]["text"]) == {"error": {"message": "no ••• here"}}
    assert done.input["headers"] == {"X-Copy": "•••"}
    assert token not in repr(done.failure)


async def test_the_retries_of_a_module_are_its_own(world: World, workshop: Workshop) -> None:
    async with recorder(_third_time_lucky()) as server:
        retry = RetryPolicy(attempts=3)
        given = await workshop.gives(request(server.url(), retry=retry))
        assert given["status"] == 200
        assert len(server.arrived) == 3
        head = RetrieveHeaders(call=call(server.url(), retry=retry))
        assert (await workshop.gives(head))["status"] == 200
        assert (await workshop.gives(download(server.url(), retry=retry)))["status"] == 200


def _third_time_lucky() -> Play:
    count = 0

    async def play(request: Arrived, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        # HEAD is asked once more with GET, so it is lucky a little later.
        status = 200 if count % 3 == 0 else 503
        body = b"" if request.head.startswith("HEAD") else b"ok"
        writer.write(answer(status, body))

    return play


async def test_what_is_wrong_with_a_connection_is_told_by_its_class(
    world: World, workshop: Workshop
) -> None:
    """The run parks by it."""
    found = await world.draft()
    done = await workshop.does(request("/me", connection_id=found.id))
    assert isinstance(done.error, NotAuthorized)
    await world.engine.delete(LOCAL, found.id)
    done = await workshop.does(request("/me", connection_id=found.id))
    assert isinstance(done.error, ConnectionNotFound)


async def test_a_mapping_that_fails_names_its_field(workshop: Workshop) -> None:
    workshop.names["1"] = {"data": {"items": []}}
    told = await workshop.fails(request("https://a.example/{{ 1.dat.id }}"), number=2)
    assert told["code"] == "expression_failed"
    assert told["field"] == "url"
    assert "data" in told["hint"]
    assert (told["line"], told["column"]) == (1, 24)


@pytest.mark.parametrize("size", [33, 100])
async def test_an_answer_that_no_bundle_holds_ends_with_what_to_do(
    workshop: Workshop, size: int
) -> None:
    async with recorder(answer(200, bytes(size * 1024 * 1024))) as server:
        told = await workshop.fails(request(server.url()))
    assert told["limit"] == "response_bytes"
    assert "larger than 32 MB" in told["message"]
    assert "Download a file" in told["hint"]


async def test_an_answer_of_a_great_many_values_is_refused(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_request, "MOST_VALUES", 1000)
    bomb = b"[" + b"[]," * 1000 + b"[]]"
    async with recorder(answer(200, bomb, JSON)) as server:
        told = await workshop.fails(request(server.url()))
    assert told["limit"] == "values"
    text = answer(200, b"a, b\n" * 1000, "Content-Type: text/plain")
    async with recorder(text) as server:
        given = await workshop.gives(request(server.url()))
    assert given["data"] == "a, b\n" * 1000


async def test_a_list_in_pages_is_all_its_items(world: World, workshop: Workshop) -> None:
    found = await world.authorized()
    pages = Pagination(type=PaginationType.URL)
    given = await workshop.gives(request("/orders", connection_id=found.id, pagination=pages))
    assert [each["id"] for each in given["data"]] == list(range(1, 25))
    assert (given["pages"], given["items"], given["has_more"]) == (3, 24, False)
    first = Pagination(type=PaginationType.URL, max_pages=1)
    given = await workshop.gives(request("/orders", connection_id=found.id, pagination=first))
    assert (given["pages"], given["items"], given["has_more"]) == (1, 10, True)


async def test_a_list_that_no_bundle_holds_ends_with_what_to_do(
    world: World, workshop: Workshop
) -> None:
    found = await world.authorized()
    pages = Pagination(type=PaginationType.URL)
    does = request("/orders", connection_id=found.id, pagination=pages)
    told = await workshop.fails(does, most_bytes=900)
    assert told["limit"] == "list_bytes"
    assert "fewer pages" in told["hint"]


async def test_cookies_go_along_only_between_modules_that_share_them(workshop: Workshop) -> None:
    async with recorder(answer(200, b"", "Set-Cookie: id=7")) as server:
        await workshop.gives(request(server.url(), share_cookies=True))
        await workshop.gives(request(server.url()), number=2)
        sharing: tuple[Does, ...] = (
            request(server.url(), share_cookies=True),
            download(server.url(), share_cookies=True),
            RetrieveHeaders(call=call(server.url(), share_cookies=True)),
        )
        for number, does in enumerate(sharing, start=3):
            await workshop.gives(does, number=number)
    assert [each.header("Cookie") for each in server.arrived] == ["", "", *["id=7"] * 3]


async def test_headers_come_without_the_body(world: World, workshop: Workshop) -> None:
    found = await world.authorized()
    given = await workshop.gives(RetrieveHeaders(call=call("/me", connection_id=found.id)))
    assert given["status"] == 200
    assert given["url"] == f"{world.server.api_url}/me"
    assert "data" not in given
    told = await workshop.fails(RetrieveHeaders(call=call("/status/404", connection_id=found.id)))
    assert told["status"] == 404


async def test_a_url_leads_somewhere_hop_by_hop(workshop: Workshop) -> None:
    async with recorder(_redirecting) as server:
        workshop.names["input"] = {"to": "a b"}
        done = await workshop.does(ResolveUrl(url=server.url("/from/{{ input.to }}")))
    assert done.input == {"url": server.url("/from/a%20b")}
    assert done.output == {
        "url": server.url("/end"),
        "status": 200,
        "hops": [
            {"url": server.url("/from/a%20b"), "status": 302},
            {"url": server.url("/end"), "status": 200},
        ],
    }


async def _redirecting(request: Arrived, writer: asyncio.StreamWriter) -> None:
    moved = request.target != "/end"
    writer.write(answer(302, b"", "Location: /end") if moved else answer(200, b""))


async def test_modules_of_a_connection_with_a_limit_take_their_turns(
    world: World, workshop: Workshop
) -> None:
    found = await world.authorize(await world.draft(new={"at_once": 1}))
    sends: list[int] = []

    async def one(number: int) -> None:
        await workshop.gives(request("/me", connection_id=found.id), number=number)
        sends.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(one(number))
    assert sorted(sends) == [0, 1, 2, 3]
