"""Requests and downloads that end at servers others wrote: nginx and Mockoon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from grantline.calls.bodies.content import form_content, json_content
from grantline.calls.bodies.multipart import Part, SourcePart, multipart_upload, text_part
from grantline.calls.request import RequestSpec
from grantline.connections.credentials.authentication import (
    BasicCredential,
    KeyCredential,
    KeyPlacement,
)
from grantline.connections.engine import LOCAL
from grantline.connections.requests.files import FileSource
from grantline.secret import Secret
from grantline.testing.clock import JumpingClock
from tests.connections.world import World
from tests.peers.ends import Nginx
from tests.recorder import ended

pytestmark = pytest.mark.peers

DATA = bytes(range(256)) * 40_000


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


async def ask(world: World, url: str, **more: Any) -> Any:
    names = {"connection_id", "typed", "upload"} & set(more)
    given = {name: more.pop(name) for name in names}
    made = await world.engine.make_request(LOCAL, RequestSpec(url=url, **more), **given)
    return made.result()


@asynccontextmanager
async def breaking(to: str, *cuts: int) -> AsyncIterator[str]:
    """A relay to ``to`` whose connections end after so many bytes each, in turn; then none do."""
    left = list(cuts)
    tasks: set[asyncio.Task[Any]] = set()
    port = urlsplit(to).port

    async def up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        pump = asyncio.ensure_future(up(reader, back))
        budget = left.pop(0) if left else None
        with suppress(OSError, asyncio.CancelledError):
            while data := await there.read(65536 if budget is None else min(65536, budget)):
                writer.write(data)
                await writer.drain()
                if budget is not None:
                    budget -= len(data)
                    if not budget:
                        break
        pump.cancel()
        with suppress(OSError, asyncio.CancelledError):
            await writer.drain()  # what was read before the cut arrives
        writer.close()
        await ended(back)
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def test_a_download_from_nginx_goes_on_where_it_broke(world: World, nginx: Nginx) -> None:
    (nginx.files / "data.bin").write_bytes(DATA)
    async with breaking(nginx.url, 1_000_000, 3_000_000) as url:
        done = await world.engine.download(
            LOCAL, RequestSpec(url=url + "/data.bin"), world.folder / "data.bin"
        )
    assert (world.folder / "data.bin").read_bytes() == DATA
    assert (done.size, done.resumes, done.status) == (len(DATA), 2, 200)
    log = (nginx.files.parent / "access.log").read_text()
    assert log.count('"GET /data.bin HTTP/1.1" 206') == 2


async def test_a_file_that_changes_at_nginx_meanwhile_begins_again(
    world: World, nginx: Nginx
) -> None:
    changing = nginx.files / "changing.bin"
    changing.write_bytes(DATA)

    def report(_size: int, _total: int | None) -> None:
        if changing.stat().st_size == len(DATA):
            fresh = changing.with_suffix(".new")
            fresh.write_bytes(DATA[::-1] + b"!")
            fresh.replace(changing)

    async with breaking(nginx.url, 1_000_000) as url:
        done = await world.engine.download(
            LOCAL,
            RequestSpec(url=url + "/changing.bin"),
            world.folder / "c.bin",
            progress=report,
        )
    assert (world.folder / "c.bin").read_bytes() == DATA[::-1] + b"!"
    assert (done.resumes, done.size) == (1, len(DATA) + 1)


@pytest.mark.parametrize(
    ("credential", "path"),
    [
        (KeyCredential(name="X-Api-Key", value=Secret("s3cret")), "/key?a=1"),
        (BasicCredential(username="ada", password=Secret("lovelace")), "/basic/data.txt"),
    ],
    ids=["key", "basic"],
)
async def test_nginx_takes_a_credential_and_refuses_without(
    world: World, nginx: Nginx, credential: Any, path: str
) -> None:
    (nginx.files / "basic" / "data.txt").write_text("GET a=1")
    assert (await ask(world, nginx.url + path, typed=credential)).text == "GET a=1"
    assert (await ask(world, nginx.url + path)).status == 401


async def test_mockoon_takes_the_token_of_a_connection(world: World, mockoon: str) -> None:
    found = await world.authorized()
    url = mockoon + "/private"
    assert (await ask(world, url)).status == 401
    assert (await ask(world, url, connection_id=found.id)).json() == {"welcome": True}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_mockoon_sees_the_method_and_the_query(
    world: World, mockoon: str, method: str
) -> None:
    query = (("a", "1"), ("b", "x y"), ("c", "\u00e9&=+"))
    echo = (await ask(world, mockoon + "/echo", method=method, query=query)).json()
    assert (echo["method"].upper(), echo["query"]) == (method, dict(query))


@pytest.mark.parametrize("placement", KeyPlacement)
async def test_mockoon_sees_a_key_where_it_belongs(
    world: World, mockoon: str, placement: KeyPlacement
) -> None:
    key = KeyCredential(name="X-Api-Key", value=Secret("k"), placement=placement)
    echo = (await ask(world, mockoon + "/echo", typed=key)).json()
    where = echo["key"] if placement is KeyPlacement.HEADER else echo["query"]["X-Api-Key"]
    assert where == "k"


@pytest.mark.parametrize(
    ("content", "kind", "read"),
    [
        (json_content({"a": [1, "\u00e9"]}), "application/json", {"a": [1, "\u00e9"]}),
        (
            form_content((("a", "1"), ("b", "x y"))),
            "application/x-www-form-urlencoded",
            {"a": "1", "b": "x y"},
        ),
    ],
    ids=["JSON", "form"],
)
async def test_mockoon_reads_a_body_as_it_was_meant(
    world: World, mockoon: str, content: Any, kind: str, read: Any
) -> None:
    echo = (await ask(world, mockoon + "/echo", method="POST", content=content)).json()
    assert echo["type"].startswith(kind)
    assert echo["text"] == content.data.decode()
    assert echo["read"] == read


async def test_mockoon_reads_a_form_whose_file_is_streamed_from_the_disk(
    world: World, mockoon: str, tmp_path: Path
) -> None:
    path = tmp_path / "r\u00e9sum\u00e9.txt"
    path.write_text("from the disk")
    parts: list[Part | SourcePart] = [
        text_part("note", "hello"),
        SourcePart("file", FileSource.open(path), path.name),
    ]
    upload = multipart_upload(parts, boundary="b0undary")
    echo = (await ask(world, mockoon + "/echo", method="POST", upload=upload)).json()
    assert echo["read"]["note"] == "hello"
    assert echo["read"]["file"]["size"] == len("from the disk")
    assert 'filename="r\u00e9sum\u00e9.txt"' in echo["text"]
    assert "\r\n\r\nfrom the disk\r\n--b0undary--" in echo["text"]
