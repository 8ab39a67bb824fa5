"""Downloads: whole on the disk or not there at all, and going on where they broke."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.credentials.authentication import KeyCredential
from grantline.connections.engine import LOCAL
from grantline.connections.planning import ConnectionEdit
from grantline.connections.requests.arrival import MOST_RESUMES
from grantline.connections.requests.download import Downloaded
from grantline.connections.requests.part_file import WRITE_BYTES
from grantline.errors import GrantlineError, InvalidInput, LimitExceeded, UpstreamError
from grantline.secret import Secret
from grantline.testing.authorization_server import Answer, Replace
from grantline.testing.clock import JumpingClock
from tests.connections.world import World
from tests.recorder import Arrived, Play, answer, recorder

DATA = b"0123456789" * 300_000
ETAG = 'ETag: "one"'


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


def broken(
    after: int, *headers: str, data: bytes = DATA, status: int = 200, first: int = 0
) -> bytes:
    """An answer that promises ``data`` from ``first`` on and ends after so many bytes of it."""
    whole = answer(status, data[first:], *headers)
    return whole[: len(whole) - len(data) + first + after]


def rest(first: int, data: bytes = DATA, *, end: int | None = None) -> bytes:
    end = len(data) if end is None else end
    said = f"Content-Range: bytes {first}-{end - 1}/{len(data)}"
    return answer(206, data[first:end], said, ETAG)


def played(*answers: bytes) -> Play:
    """Each answer in turn, the connection closed behind it."""
    left = iter(answers)

    async def play(_request: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(next(left))
        await writer.drain()
        writer.close()

    return play


def ranges(arrived: Sequence[Arrived]) -> list[tuple[str, str]]:
    return [(each.header("Range"), each.header("If-Range")) for each in arrived]


async def test_a_file_arrives_whole_with_its_progress(world: World) -> None:
    found = await world.authorized()
    seen: list[tuple[int, int | None]] = []
    world.server.script("api", Replace(Answer(200, DATA)))
    target = world.folder / "file.bin"

    done = await world.engine.download(
        LOCAL,
        RequestSpec(url="/me"),
        target,
        connection_id=found.id,
        progress=lambda size, total: seen.append((size, total)),
    )

    assert target.read_bytes() == DATA
    assert (done.path, done.size, done.status, done.resumes) == (target, len(DATA), 200, 0)
    assert done.url == world.server.api_url + "/me"
    assert seen[-1] == (len(DATA), len(DATA))
    assert [size for size, _ in seen] == sorted(size for size, _ in seen)
    (arrived,) = world.server.journal.at("api")
    assert arrived.incoming.header("Authorization") == f"Bearer {await world.token(found)}"
    assert arrived.incoming.header("Accept-Encoding") == "identity"
    assert not list(world.folder.glob(".*.part"))


async def download(world: World, url: str, **more: Any) -> Downloaded:
    spec = RequestSpec(
        url=url, **{name: more.pop(name) for name in {"method", "headers"} & set(more)}
    )
    return await world.engine.download(LOCAL, spec, world.folder / "file.bin", **more)


@pytest.mark.parametrize(
    ("answers", "asked", "resumes"),
    [
        ([broken(7, ETAG), rest(7)], [("bytes=7-", '"one"')], 1),
        (
            [
                broken(7, ETAG),
                broken(5, "Content-Range: bytes 7-2999999/3000000", status=206, first=7),
                rest(12),
            ],
            [("bytes=7-", '"one"'), ("bytes=12-", '"one"')],
            2,
        ),
        (
            [broken(7, ETAG), rest(7, end=9), rest(9)],
            [("bytes=7-", '"one"'), ("bytes=9-", '"one"')],
            2,
        ),
        ([broken(7, ETAG), answer(200, DATA, 'ETag: "two"')], [("bytes=7-", '"one"')], 1),
        ([broken(7), answer(200, DATA)], [("", "")], 1),
        ([broken(7, ETAG), rest(6), answer(200, DATA)], [("bytes=7-", '"one"'), ("", "")], 2),
        (
            [broken(7, ETAG), rest(7, DATA + b"!"), answer(200, DATA)],
            [("bytes=7-", '"one"'), ("", "")],
            2,
        ),
        (
            [broken(7, ETAG), answer(206, DATA[7:]), answer(200, DATA)],
            [("bytes=7-", '"one"'), ("", "")],
            2,
        ),
        ([broken(7, ETAG), answer(416), answer(200, DATA)], [("bytes=7-", '"one"'), ("", "")], 2),
        ([broken(7, ETAG), answer(503), rest(7)], [("bytes=7-", '"one"')] * 2, 2),
        # aiohttp itself asks once more where a connection ends without an answer.
        ([broken(7, ETAG), b"", b"", rest(7)], [("bytes=7-", '"one"')] * 3, 2),
    ],
    ids=[
        "goes on",
        "goes on twice",
        "a part of the rest",
        "another version",
        "no validator",
        "another first byte",
        "another length",
        "no range said",
        "no such range",
        "busy",
        "gone",
    ],
)
async def test_a_broken_download_becomes_the_whole_file(
    world: World, answers: list[bytes], asked: list[tuple[str, str]], resumes: int
) -> None:
    async with recorder(played(*answers)) as server:
        done = await download(world, server.url("/f"))
    assert (world.folder / "file.bin").read_bytes() == DATA
    assert (done.size, done.resumes) == (len(DATA), resumes)
    assert ranges(server.arrived) == [("", ""), *asked]


async def test_a_download_that_only_breaks_ends_and_leaves_nothing(
    world: World, clock: JumpingClock
) -> None:
    async with recorder(played(*[broken(7)] * 10)) as server:
        with pytest.raises(GrantlineError, match="ended early"):
            await download(world, server.url())
    assert len(server.arrived) == 1 + MOST_RESUMES
    assert [span.total_seconds() for span in clock.slept[-MOST_RESUMES:]] == [1, 2, 3, 4, 5]
    assert not list(world.folder.glob("*file.bin*"))


async def test_a_request_that_is_not_a_get_is_not_made_twice(world: World) -> None:
    async with recorder(played(*[broken(7, ETAG)] * 2)) as server:
        with pytest.raises(GrantlineError, match="ended early"):
            await download(world, server.url(), method="POST")
    assert len(server.arrived) == 1


async def test_the_rest_is_asked_for_without_a_token_where_the_token_never_was(
    world: World,
) -> None:
    """The service redirects to a store of another origin, and the store breaks."""
    found = await world.authorized()
    async with recorder(played(broken(7, ETAG), rest(7))) as store:
        moved = Answer(302, b"", (("Location", store.url("/signed")),))
        world.server.script("api", *[Replace(moved)] * 2)
        done = await download(world, world.server.api_url + "/file", connection_id=found.id)
    assert (world.folder / "file.bin").read_bytes() == DATA
    assert (done.url, done.resumes) == (store.url("/signed"), 1)
    assert ranges(store.arrived) == [("", ""), ("bytes=7-", '"one"')]
    token = await world.token(found)
    assert not any(token in each.head or "Authorization" in each.head for each in store.arrived)


async def test_a_key_goes_along_to_its_own_host(world: World) -> None:
    key = KeyCredential(name="X-Key", value=Secret("k"))
    async with recorder(played(broken(7, ETAG), rest(7))) as server:
        await download(world, server.url(), typed=key)
    assert [each.header("X-Key") for each in server.arrived] == ["k", "k"]


async def test_a_token_that_ends_meanwhile_is_renewed_for_the_rest(world: World) -> None:
    found = await world.authorized()
    async with recorder(played(broken(7, ETAG), answer(401), rest(7))) as server:
        await world.engine.manage.edit(
            LOCAL, "demo", ConnectionEdit(settings={"base_url": server.url()})
        )
        await download(world, "/f", connection_id=found.id)
    assert (world.folder / "file.bin").read_bytes() == DATA
    first, second, third = (each.header("Authorization") for each in server.arrived)
    assert first == second != third


async def test_an_answer_that_is_no_file_is_the_error(world: World) -> None:
    async with recorder(answer(404, b'{"message": "no such file"}')) as server:
        with pytest.raises(UpstreamError) as caught:
            await download(world, server.url())
    assert caught.value.service_message == "no such file"
    assert not list(world.folder.glob("*file.bin*"))


async def test_who_asks_for_a_part_gets_the_part(world: World) -> None:
    async with recorder(rest(7)) as server:
        done = await download(world, server.url(), headers=(("Range", "bytes=7-"),))
    assert (done.status, done.size) == (206, len(DATA) - 7)


@pytest.mark.parametrize(
    "play", [answer(200, DATA), b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + DATA]
)
async def test_a_file_that_is_too_large_is_refused(world: World, play: bytes) -> None:
    async with recorder(played(play)) as server:
        with pytest.raises(LimitExceeded):
            await download(world, server.url(), at_most_bytes=len(DATA) - 1)
    assert not list(world.folder.glob("*file.bin*"))


async def test_a_file_that_is_there_is_replaced_only_when_asked(world: World) -> None:
    target = world.folder / "file.bin"
    target.write_bytes(b"old")
    async with recorder(answer(200, b"new")) as server:
        with pytest.raises(InvalidInput, match="exists already"):
            await download(world, server.url())
        assert server.arrived == []
        await download(world, server.url(), overwrite=True)
    assert target.read_bytes() == b"new"


async def test_a_file_that_came_meanwhile_is_not_replaced(world: World) -> None:
    target = world.folder / "file"

    def somebody_else(_got: int, _total: int | None) -> None:
        target.write_bytes(b"of somebody else")

    async with recorder(answer(200, b"new")) as server:
        with pytest.raises(InvalidInput, match="exists"):
            await world.engine.download(
                LOCAL, RequestSpec(url=server.url()), target, progress=somebody_else
            )
    assert target.read_bytes() == b"of somebody else"
    assert not list(world.folder.glob(".file.*"))


async def test_a_file_that_breaks_leaves_the_old_one(world: World) -> None:
    target = world.folder / "file.bin"
    target.write_bytes(b"old")
    async with recorder(played(*[broken(7)] * 10)) as server:
        with pytest.raises(GrantlineError):
            await download(world, server.url(), overwrite=True)
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("target", ["missing/file.bin", "."])
async def test_a_place_that_cannot_be_written_is_said_before_anything_is_asked(
    world: World, target: str
) -> None:
    async with recorder() as server:
        spec = RequestSpec(url=server.url())
        with pytest.raises(InvalidInput) as caught:
            await world.engine.download(LOCAL, spec, world.folder / target)
    assert caught.value.field == "output"
    assert server.arrived == []


@pytest.mark.parametrize("moment", ["write", "fsync"])
async def test_a_full_disk_is_said_and_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    if moment == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr("grantline.connections.requests.part_file.PartFile._write_all", full)
    async with recorder(answer(200, b"x" * 3 * WRITE_BYTES)) as server:
        with pytest.raises(InvalidInput, match="No space left"):
            await download(world, server.url())
    assert not list(world.folder.glob("*file.bin*"))


async def test_a_download_that_is_given_up_leaves_nothing(world: World) -> None:
    reached = asyncio.Event()

    async def play(_request: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(broken(7))
        await asyncio.Event().wait()

    report: Callable[[int, int | None], None] = lambda _size, _total: reached.set()  # noqa: E731
    async with recorder(play) as server, asyncio.timeout(10):
        task = asyncio.ensure_future(download(world, server.url(), progress=report))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not list(world.folder.glob("*file.bin*"))
