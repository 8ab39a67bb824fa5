"""The loopback listener, asked over real sockets."""

import asyncio
import socket
from datetime import timedelta

import pytest

from grantline.errors import CallbackRejected, ConfigurationError
from grantline.net.loopback import LoopbackListener

pytestmark = pytest.mark.anyio

SOON = timedelta(seconds=5)


async def ask(
    port: int,
    target: str,
    *,
    method: str = "GET",
    body: str = "",
    host: str | None = None,
    address: str = "127.0.0.1",
) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(
        f"{method} {target} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{port}'}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(" ")[1]), answer


def port_of(listener: LoopbackListener) -> int:
    return int(listener.redirect_uri.split(":")[2].partition("/")[0])


def state_is_good(answer: str) -> bool:
    return "state=good" in answer


async def test_the_answer_is_the_query_and_the_code_leaves_the_address_bar() -> None:
    async with LoopbackListener() as listener, asyncio.TaskGroup() as group:
        port = port_of(listener)
        waiting = group.create_task(listener.wait(SOON, state_is_good))
        await asyncio.sleep(0)
        status, answer = await ask(port, "/callback?code=c1&state=good")
        assert status == 303
        assert "Location: /callback/done\r\n" in answer
        assert "c1" not in answer
        assert await waiting == "code=c1&state=good"
        status, page = await ask(port, "/callback/done")
        assert status == 200
    assert "Referrer-Policy: no-referrer\r\n" in page
    assert "Cache-Control: no-store\r\n" in page
    assert "src=" not in page
    with pytest.raises(ConnectionRefusedError):
        await ask(port, "/callback?code=c2&state=good")


@pytest.mark.parametrize(
    ("target", "options", "status"),
    [
        ("/callback?code=x&state=wrong", {}, 400),
        ("/favicon.ico", {}, 404),
        ("/callback/?code=x&state=good", {}, 404),
        ("/callback?code=x&state=good", {"method": "PUT"}, 404),
        ("/callback?code=x&state=good", {"host": "evil.example"}, 400),
        ("/callback", {"method": "POST", "body": "state=wrong"}, 400),
    ],
)
async def test_whatever_else_knocks_does_not_end_the_wait(
    target: str, options: dict[str, str], status: int
) -> None:
    async with LoopbackListener() as listener, asyncio.TaskGroup() as group:
        waiting = group.create_task(listener.wait(SOON, state_is_good))
        await asyncio.sleep(0)
        assert (await ask(port_of(listener), target, **options))[0] == status
        assert not waiting.done()
        await ask(port_of(listener), "/callback?state=good")
        await ask(port_of(listener), "/callback/done")


async def test_a_form_post_answer_is_its_body() -> None:
    async with LoopbackListener() as listener, asyncio.TaskGroup() as group:
        waiting = group.create_task(listener.wait(SOON, state_is_good))
        await asyncio.sleep(0)
        await ask(port_of(listener), "/callback", method="POST", body="code=c&state=good")
        assert await waiting == "code=c&state=good"
        await ask(port_of(listener), "/callback/done")


async def test_an_answer_in_the_fragment_is_posted_back_by_a_page_without_outside_files() -> None:
    async with LoopbackListener() as listener:
        status, page = await ask(port_of(listener), "/callback")
        assert status == 200
        assert "location.hash" in page
        assert "default-src 'none'" in page


async def test_the_second_answer_is_refused() -> None:
    async with LoopbackListener() as listener, asyncio.TaskGroup() as group:
        waiting = group.create_task(listener.wait(SOON, state_is_good))
        await asyncio.sleep(0)
        await ask(port_of(listener), "/callback?code=1&state=good")
        assert (await ask(port_of(listener), "/callback?code=2&state=good"))[0] == 400
        assert await waiting == "code=1&state=good"
        await ask(port_of(listener), "/callback/done")


async def test_both_loopback_addresses_answer_where_the_machine_has_both() -> None:
    async with LoopbackListener() as listener:
        addresses = ["127.0.0.1"]
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::1", 0))
                addresses.append("::1")
            except OSError:
                pass
        for address in addresses:
            assert (await ask(port_of(listener), "/x", address=address))[0] == 404


async def test_no_answer_in_time_is_said_plainly() -> None:
    async with LoopbackListener() as listener:
        with pytest.raises(CallbackRejected) as caught:
            await listener.wait(timedelta(0), state_is_good)
    assert caught.value.check == "no_answer"


async def test_a_taken_port_is_refused() -> None:
    async with LoopbackListener() as listener:
        with pytest.raises(ConfigurationError, match="taken"):
            await LoopbackListener(port=port_of(listener)).__aenter__()


async def test_a_request_that_is_no_http_gets_400() -> None:
    async with LoopbackListener() as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(listener))
        writer.write(b"\xff\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_the_redirect_uri_names_the_host_that_is_registered(host: str) -> None:
    async with LoopbackListener("/cb", host=host) as listener:
        assert listener.redirect_uri.startswith(f"http://{host}:")
        assert listener.redirect_uri.endswith("/cb")
