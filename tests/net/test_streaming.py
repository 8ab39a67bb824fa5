"""Bodies that flow: sent while they are read, and read while they arrive."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from grantline.errors import EgressBlocked, GrantlineError, LimitExceeded, TransportFailed
from grantline.messages import HttpRequest, HttpResponse, Source
from grantline.net.guard import EgressPolicy
from grantline.net.transport import API_LIMITS, OAUTH_LIMITS, STREAM_LIMITS, EgressTransport, Limits
from tests.recorder import Arrived, answer, ended, recorder
from tests.sources import ListSource, drained

pytestmark = pytest.mark.anyio

LOOPBACK = EgressPolicy.parse(allow_hosts=["127.0.0.1"])
MEGABYTE = b"0123456789abcdef" * 65536


async def send(url: str, body: Source, method: str = "POST") -> HttpResponse:
    async with EgressTransport(LOOPBACK) as transport:
        return await transport.send(HttpRequest(method, url, body=body))


async def read(url: str, limits: Limits = STREAM_LIMITS) -> bytes:
    async with (
        EgressTransport(LOOPBACK) as transport,
        transport.stream(HttpRequest("GET", url), limits=limits) as response,
    ):
        return await drained(response.chunks)


async def test_a_source_of_known_size_leaves_with_its_length() -> None:
    async with recorder() as server:
        assert (await send(server.url(), ListSource(size=7))).body == b"ok"
    (arrived,) = server.arrived
    assert (arrived.body, arrived.header("Content-Length")) == (b"one two", "7")
    names = {line.partition(":")[0].lower() for line in arrived.lines}
    assert not names & {"transfer-encoding", "content-type", "expect"}


async def test_a_source_of_unknown_size_leaves_in_chunks() -> None:
    async with recorder() as server:
        assert (await send(server.url(), ListSource())).body == b"ok"
    (arrived,) = server.arrived
    assert arrived.body == b"one two"
    assert arrived.header("Transfer-Encoding") == "chunked"
    assert arrived.header("Content-Length") == ""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (ListSource(size=8), "changed its size"),
        (ListSource(size=6), "changed its size"),
        (ListSource(fails=True), "The disk is gone."),
        (ListSource(size=9, fails=True), "The disk is gone."),
    ],
    ids=["shorter than it said", "longer than it said", "fails in chunks", "fails with a length"],
)
async def test_what_goes_wrong_in_a_source_is_said_and_the_server_sees_no_whole_request(
    source: ListSource, message: str
) -> None:
    arrived = asyncio.Event()

    async def play(_request: Arrived, _writer: asyncio.StreamWriter) -> None:
        arrived.set()

    async with recorder(play) as server:
        with pytest.raises(GrantlineError, match=message):
            await send(server.url(), source)
        await asyncio.gather(*server.tasks)
    assert not arrived.is_set()
    assert [request.whole for request in server.arrived] == [False]


@pytest.mark.parametrize("replayable", [True, False])
async def test_a_body_that_is_read_once_is_never_sent_twice(*, replayable: bool) -> None:
    turns = iter((answer(), b"", answer()))

    async def play(_request: Arrived, writer: asyncio.StreamWriter) -> None:
        if not (said := next(turns)):
            writer.close()
        writer.write(said)

    source = ListSource(size=7, replayable=replayable)
    async with recorder(play) as server, EgressTransport(LOOPBACK) as transport:
        await transport.send(HttpRequest("GET", server.url()))
        request = HttpRequest("PUT", server.url(), body=source)
        # The server closes the kept connection instead of answering: aiohttp would try again.
        if replayable:
            assert (await transport.send(request)).body == b"ok"
        else:
            with pytest.raises(TransportFailed) as caught:
                await transport.send(request)
            assert (caught.value.check, caught.value.sent) == ("disconnected", True)
    assert source.reads == 1 + replayable


async def test_a_slow_source_is_not_a_silent_server() -> None:
    class Slow(ListSource):
        async def chunks(self):  # type: ignore[no-untyped-def] # noqa: ANN202
            for chunk in (b"a", b"b", b"c"):
                await asyncio.sleep(0.06)
                yield chunk

    limits = replace(API_LIMITS, idle=timedelta(milliseconds=100))
    async with recorder() as server, EgressTransport(LOOPBACK) as transport:
        request = HttpRequest("POST", server.url(), body=Slow())
        assert (await transport.send(request, limits=limits)).body == b"ok"


async def test_an_answer_before_the_end_of_the_body_ends_the_sending() -> None:
    endless = asyncio.Event()

    class Endless(ListSource):
        async def chunks(self):  # type: ignore[no-untyped-def] # noqa: ANN202
            yield b"first"
            await endless.wait()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"first")
        writer.write(answer(413, b"too large"))
        await reader.read()
        await ended(writer)

    async with await asyncio.start_server(play, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        response = await send(f"http://127.0.0.1:{port}/", Endless())
    assert (response.status, response.body) == (413, b"too large")


@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_a_stream_gives_decoded_chunks_and_keeps_its_connection(coding: str) -> None:
    sent = gzip.compress(MEGABYTE) if coding else MEGABYTE
    play = answer(200, sent, *([f"Content-Encoding: {coding}"] if coding else []), "X-A: 1")
    async with recorder(play) as server, EgressTransport(LOOPBACK) as transport:
        for _ in range(2):
            async with transport.stream(HttpRequest("GET", server.url())) as response:
                chunks = [chunk async for chunk in response.chunks]
            assert (response.status, response.header("x-a")) == (200, "1")
            assert b"".join(chunks) == MEGABYTE
            assert max(map(len, chunks)) <= 512 * 1024
    assert server.connections == 1


async def test_a_stream_is_capped_when_asked_and_unfolds_piece_by_piece() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    play = answer(200, bomb, "Content-Encoding: gzip")
    async with recorder(play) as server, EgressTransport(LOOPBACK) as transport:
        request = HttpRequest("GET", server.url())
        async with transport.stream(request) as response:
            sizes = [len(chunk) async for chunk in response.chunks]
        assert (sum(sizes), max(sizes)) == (50_000_000, 256 * 1024)
        limits = replace(STREAM_LIMITS, response_bytes=1_000_000)
        async with transport.stream(request, limits=limits) as response:
            with pytest.raises(LimitExceeded):
                await drained(response.chunks)


async def test_who_leaves_early_ends_the_exchange() -> None:
    async def play(_request: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        while True:
            writer.write(MEGABYTE)
            await writer.drain()

    async with recorder(play) as server, EgressTransport(LOOPBACK) as transport:
        async with transport.stream(HttpRequest("GET", server.url())) as response:
            async for chunk in response.chunks:
                assert chunk
                break
        await asyncio.gather(*server.tasks)  # the server saw the connection end


@pytest.mark.parametrize(
    ("play", "check"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "truncated"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip", "content_decoding"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n?", "content_decoding"),
    ],
)
async def test_a_stream_that_breaks_says_so_while_it_is_read(play: bytes, check: str) -> None:
    async def once(_request: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(play)
        await writer.drain()
        writer.close()

    async with recorder(once) as server:
        with pytest.raises(TransportFailed) as caught:
            await read(server.url())
    assert caught.value.check == check


async def test_an_error_of_the_reader_stays_what_it_is() -> None:
    async with recorder() as server, EgressTransport(LOOPBACK) as transport:
        with pytest.raises(OSError, match="no space left"):
            async with transport.stream(HttpRequest("GET", server.url())):
                raise OSError("no space left")


async def test_silence_ends_a_stream() -> None:
    async def play(_request: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome")

    limits = replace(STREAM_LIMITS, idle=timedelta(milliseconds=50))
    async with recorder(play) as server:
        with pytest.raises(TransportFailed) as caught:
            await read(server.url(), limits)
    assert caught.value.check == "timeout"


async def test_the_guard_stands_in_front_of_a_stream_too() -> None:
    async with EgressTransport(LOOPBACK) as transport:
        with pytest.raises(EgressBlocked):
            async with transport.stream(
                HttpRequest("GET", "http://10.0.0.1/"), limits=OAUTH_LIMITS
            ):
                pass


async def test_a_request_that_is_answered_early_leaves_nothing_to_be_read() -> None:
    """What the service has not taken by then is dropped; asyncio would keep it, and the socket."""
    body, answered, done = ListSource([MEGABYTE * 16]), asyncio.Event(), asyncio.Event()
    taken = 0

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await answered.wait()
        with suppress(OSError):
            while chunk := await reader.read(65536):
                taken += len(chunk)
        done.set()
        await ended(writer)

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with EgressTransport(LOOPBACK) as transport:
            request = HttpRequest("PUT", f"http://127.0.0.1:{port}/", body=body)
            assert (await transport.send(request)).status == 413
            answered.set()
            await done.wait()
    assert taken < len(body.data)
