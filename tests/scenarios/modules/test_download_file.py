"""*Download a file*: where it goes, what it replaces, and going on after a kill."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grantline.scenarios.definition.modules import Body, BodyKind
from tests.connections.requests.test_download import ETAG, rest
from tests.connections.world import World, an_engine
from tests.peers.ends import Nginx
from tests.processes.forking import Child
from tests.recorder import Arrived, answer, recorder
from tests.scenarios.modules import module_child
from tests.scenarios.modules.workshop import Workshop, download, request

MB = 1024**2
PDF = "Content-Type: application/pdf"


def child(folder: Path, kind: str, url: str) -> Child:
    return Child.start(module_child.main, {"folder": folder, "kind": kind, "url": url})


async def told(process: Child) -> Mapping[str, Any]:
    found: Mapping[str, Any] = await asyncio.to_thread(process.line.recv)
    assert await asyncio.to_thread(process.end) == 0
    return found


async def test_a_file_goes_into_its_folder_under_its_name(workshop: Workshop) -> None:
    workshop.names["input"] = {"year": 2026, "name": "summary"}
    async with recorder(answer(200, b"%PDF", PDF)) as server:
        given = await workshop.gives(
            download(server.url(), folder="reports/{{ input.year }}", name="{{ input.name }}.pdf")
        )
    assert given["file"] == {
        "name": "summary.pdf",
        "path": "reports/2026/summary.pdf",
        "media_type": "application/pdf",
        "size": 4,
        "proof": given["file"]["proof"],
    }
    assert (given["status"], given["url"], given["resumes"]) == (200, server.url(), 0)
    assert (workshop.home / "reports/2026/summary.pdf").read_bytes() == b"%PDF"


async def test_a_file_without_a_folder_is_the_steps_own_and_ends_with_the_run(
    workshop: Workshop,
) -> None:
    disposition = 'Content-Disposition: attachment; filename="../Umsatz.pdf"'
    async with recorder(answer(200, b"%PDF", disposition)) as server:
        first = await workshop.gives(download(server.url()))
        second = await workshop.gives(download(server.url()), number=2)
    paths = [workshop.home / each["file"]["path"] for each in (first, second)]
    assert [each.name for each in paths] == ["Umsatz.pdf"] * 2
    assert all(each.exists() for each in paths)
    workshop.surroundings.files.remove_run("srn_1")
    assert not any(each.exists() for each in paths)


async def test_a_file_that_is_there_is_replaced_only_when_asked(workshop: Workshop) -> None:
    async with recorder(answer(200, b"new")) as server:
        await workshop.gives(download(server.url(), folder="a", name="f"))
        told = await workshop.fails(download(server.url(), folder="a", name="f"), number=2)
        assert told["field"] == "name"
        assert "exists already" in told["message"]
        await workshop.gives(download(server.url(), folder="a", name="f", overwrite=True), number=3)


@pytest.mark.parametrize(
    ("folder", "name", "field"),
    [("../a", "f", "folder"), ("a", "../f", "name"), ("a", ".f", "name"), ("/etc", "f", "folder")],
)
async def test_a_place_outside_is_refused(
    workshop: Workshop, folder: str, name: str, field: str
) -> None:
    async with recorder() as server:
        told = await workshop.fails(download(server.url(), folder=folder, name=name))
    assert told["field"] == field
    assert not list(workshop.folder.rglob("f"))


async def test_a_file_cannot_be_asked_for_with_a_file(workshop: Workshop) -> None:
    async with recorder(answer(200, b"1")) as server:
        await workshop.gives(download(server.url()))
        body = Body(kind=BodyKind.FILE, text="{{ 1.file }}")
        told = await workshop.fails(download(server.url(), method="POST", body=body), number=2)
    assert told["field"] == "body"
    assert len(server.arrived) == 1


async def test_the_same_step_carried_out_again_asks_for_nothing_more(workshop: Workshop) -> None:
    """The process ended after the file had its place, and before anybody wrote that down."""
    async with recorder(answer(200, b"%PDF", ETAG, PDF)) as server:
        does = download(server.url("/x"), folder="a", name="f")
        first = await workshop.gives(does)
        again = await workshop.gives(does)
    assert again == first
    assert len(server.arrived) == 1


async def test_a_download_goes_on_after_its_process_was_killed(tmp_path: Path) -> None:
    data = bytes(range(256)) * (40 * MB // 256)
    sent = asyncio.Event()

    async def play(asked: Arrived, writer: asyncio.StreamWriter) -> None:
        if first := asked.header("Range").removeprefix("bytes=").removesuffix("-"):
            writer.write(rest(int(first), data))
            return
        whole = answer(200, data, ETAG)
        writer.write(whole[: 30 * MB])
        await writer.drain()
        sent.set()
        await asyncio.Event().wait()

    async with recorder(play) as server, an_engine(tmp_path) as engine:
        process = child(tmp_path, "download", server.url("/a.bin"))
        await sent.wait()
        process.signal(signal.SIGKILL)
        assert await asyncio.to_thread(process.end) == -signal.SIGKILL
        workshop = Workshop(engine, tmp_path)
        assert not (workshop.home / "nightly" / "a.bin").exists()

        given = await workshop.gives(download(server.url("/a.bin"), folder="nightly", name="a.bin"))

    assert (workshop.home / "nightly" / "a.bin").read_bytes() == data
    assert given["file"]["size"] == len(data)
    first, second = server.arrived
    assert (first.header("Range"), second.header("If-Range")) == ("", '"one"')
    assert 10 * MB < int(second.header("Range")[6:-1]) < 30 * MB


@pytest.mark.peers
async def test_a_large_download_from_nginx_needs_no_memory_for_it(
    tmp_path: Path, nginx: Nginx
) -> None:
    with (nginx.files / "large.bin").open("wb") as file:
        file.truncate(128 * MB)
    done = await told(child(tmp_path, "download", f"{nginx.url}/large.bin"))
    assert done["failure"] is None
    assert done["output"]["file"]["size"] == 128 * MB
    assert done["grew"] < 40 * MB


@pytest.mark.peers
async def test_an_answer_of_100_mb_ends_before_it_fills_the_memory(
    tmp_path: Path, nginx: Nginx
) -> None:
    with (nginx.files / "large.json").open("wb") as file:
        file.truncate(100 * MB)
    done = await told(child(tmp_path, "request", f"{nginx.url}/large.json"))
    assert done["failure"]["limit"] == "response_bytes"
    assert "Download a file" in done["failure"]["hint"]
    assert done["grew"] < 80 * MB


@pytest.mark.peers
async def test_a_file_from_nginx_goes_to_mockoon(
    world: World, workshop: Workshop, nginx: Nginx, mockoon: str
) -> None:
    found = await world.authorized()
    (nginx.files / "note.txt").write_text("from nginx")
    await workshop.gives(download(f"{nginx.url}/note.txt"))
    body = Body(kind=BodyKind.FILE, text="{{ 1.file }}", media_type="text/x-note")
    given = await workshop.gives(
        request(f"{mockoon}/echo", connection_id=found.id, method="POST", body=body), number=2
    )
    assert given["data"]["text"] == "from nginx"
    assert given["data"]["type"] == "text/x-note"
    assert given["data"]["authorization"].startswith("Bearer ")
