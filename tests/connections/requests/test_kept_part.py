"""Downloads that another process goes on with: no byte twice, and no file made twice."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL
from grantline.connections.renewal.file_lock import take
from grantline.connections.requests.arrival import MOST_RESUMES
from grantline.connections.requests.download import Downloaded
from grantline.connections.requests.kept_part import KeptPart
from grantline.errors import GrantlineError, InvalidInput, TemporarilyUnavailable
from grantline.messages import Headers
from grantline.testing.clock import JumpingClock
from tests.connections.requests.test_download import DATA, ETAG, broken, played, ranges, rest
from tests.connections.world import World
from tests.recorder import Recorder, answer, recorder

HALF = len(DATA) // 2


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


async def fetch(world: World, server: Recorder, **more: Any) -> Downloaded:
    def choose(_url: str, _headers: Headers) -> Path:
        return world.folder / "file.bin"

    return await world.engine.download(
        LOCAL,
        RequestSpec(url=server.url("/f?key=of-somebody")),
        more.pop("target", choose),
        keep=world.folder / "kept",
        **more,
    )


def gives_up(first: bytes, *headers: str) -> list[bytes]:
    """As many answers as end one download: it begins, and then there is nothing any more."""
    return [first, *[answer(503)] * MOST_RESUMES]


async def begun(world: World, server: Recorder) -> None:
    with pytest.raises(GrantlineError):
        await fetch(world, server)


async def test_the_next_process_asks_only_for_the_rest(world: World) -> None:
    plays = [*gives_up(broken(HALF, ETAG)), rest(HALF)]
    async with recorder(played(*plays)) as server:
        await begun(world, server)
        assert (world.folder / "kept").read_bytes() == DATA[:HALF]
        assert b"of-somebody" not in (world.folder / "kept.json").read_bytes()
        done = await fetch(world, server)
    assert (world.folder / "file.bin").read_bytes() == DATA
    assert (done.size, done.path) == (len(DATA), world.folder / "file.bin")
    assert ranges(server.arrived)[-1] == (f"bytes={HALF}-", '"one"')
    assert not (world.folder / "kept").exists()


async def test_a_download_that_has_ended_is_not_made_again(world: World) -> None:
    async with recorder(answer(200, DATA, ETAG)) as server:
        first = await fetch(world, server)
        again = await fetch(world, server)
    assert len(server.arrived) == 1
    assert (first.path, first.size) == (again.path, again.size)
    assert not (world.folder / "kept").exists()


def _only_recorded(folder: Path) -> None:
    (folder / "kept").write_bytes(DATA)


def _linked(folder: Path) -> None:
    (folder / "kept").write_bytes(DATA)
    os.link(folder / "kept", folder / "file.bin")


def _moved(folder: Path) -> None:
    (folder / "file.bin").write_bytes(DATA)


@pytest.mark.parametrize("left", [_only_recorded, _linked, _moved])
async def test_whatever_the_last_moment_was_the_file_is_there_once(world: World, left: Any) -> None:
    """Killed before the file had its name, between both names, and before the old one was gone."""
    async with recorder(answer(200, DATA, ETAG)) as server:
        await fetch(world, server)
        (world.folder / "file.bin").unlink()
        left(world.folder)
        done = await fetch(world, server)
    assert len(server.arrived) == 1
    assert (done.path, done.size) == (world.folder / "file.bin", len(DATA))
    assert (world.folder / "file.bin").read_bytes() == DATA
    assert not (world.folder / "kept").exists()


async def test_a_file_of_somebody_else_is_not_taken_for_ours(world: World) -> None:
    async with recorder(answer(200, DATA, ETAG)) as server:
        await fetch(world, server)
        (world.folder / "file.bin").unlink()
        _only_recorded(world.folder)
        (world.folder / "file.bin").write_bytes(bytes(len(DATA)))
        with pytest.raises(InvalidInput, match="exists already"):
            await fetch(world, server)
    assert (world.folder / "file.bin").read_bytes() == bytes(len(DATA))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "kept.json").write_text("{"),
        lambda folder: (folder / "kept.json").unlink(),
        lambda folder: (folder / "kept").write_bytes(b""),
    ],
    ids=["unreadable", "gone", "no bytes"],
)
async def test_what_cannot_be_gone_on_with_begins_anew(world: World, spoil: Any) -> None:
    plays = [*gives_up(broken(HALF, ETAG)), answer(200, DATA, ETAG)]
    async with recorder(played(*plays)) as server:
        await begun(world, server)
        spoil(world.folder)
        await fetch(world, server)
    assert (world.folder / "file.bin").read_bytes() == DATA
    assert ranges(server.arrived)[-1] == ("", "")


async def test_another_request_does_not_go_on_with_the_bytes_of_this_one(world: World) -> None:
    plays = [*gives_up(broken(HALF, ETAG)), answer(200, DATA[::-1], ETAG)]
    async with recorder(played(*plays)) as server:
        await begun(world, server)
        spec = RequestSpec(url=server.url("/other"))
        await world.engine.download(
            LOCAL, spec, world.folder / "file.bin", keep=world.folder / "kept"
        )
    assert (world.folder / "file.bin").read_bytes() == DATA[::-1]
    assert ranges(server.arrived)[-1] == ("", "")


async def test_without_a_validator_nothing_is_kept(world: World) -> None:
    async with recorder(played(*gives_up(broken(HALF)))) as server:
        await begun(world, server)
    assert not (world.folder / "kept").exists()


async def test_a_download_under_way_elsewhere_is_left_alone(world: World) -> None:
    lock = take(world.folder / "kept", make=True)
    assert lock is not None
    try:
        async with recorder() as server:
            with pytest.raises(TemporarilyUnavailable, match="another process"):
                await fetch(world, server)
        assert server.arrived == []
    finally:
        os.close(lock)


async def test_an_empty_file_is_a_file(world: World) -> None:
    async with recorder(answer(200, b"", ETAG)) as server:
        first = await fetch(world, server)
        again = await fetch(world, server)
    assert (world.folder / "file.bin").read_bytes() == b""
    assert first.size == again.size == 0
    assert len(server.arrived) == 1


def test_nothing_is_made_of_what_is_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    texts: Iterable[str] = ("", "[]", "{}", '{"headers": 7}', '{"headers": [["a"]]}', "null")
    for text in texts:
        path.write_text(text)
        assert KeptPart.read(path) is None
