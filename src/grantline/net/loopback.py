"""A listener on this machine for one authorization response (RFC 8252 section 7.3).

The system browser brings the response to a free port on the loopback interface. Whatever else
knocks there meanwhile (a favicon request, a stale tab, another program) gets a calm page and
changes nothing: only a response that the caller accepts ends the wait.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

from grantline.errors import CallbackRejected, ConfigurationError

_OWN_NAMES: Final = ("127.0.0.1", "[::1]", "localhost")
_MAX_BODY_BYTES: Final = 64 * 1024
_REQUEST_TIMEOUT_S: Final = 10
# How long a browser may take from the redirect to the page that says "done".
_LAST_PAGE_TIMEOUT_S: Final = 3
_BIND_ATTEMPTS: Final = 20

# An implicit grant's answer is in the fragment, which browsers do not send; so a script posts it.
_FRAGMENT_SCRIPT: Final = (
    "const answer = location.hash.slice(1);"
    'history.replaceState(null, "", location.pathname);'
    "fetch(location.pathname, {method: 'POST', body: new URLSearchParams(answer)})"
    ".then(reply => reply.text())"
    ".then(page => {document.documentElement.innerHTML = page});"
)
_SCRIPT_HASH: Final = base64.b64encode(hashlib.sha256(_FRAGMENT_SCRIPT.encode()).digest()).decode()
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;"
    "color-scheme:light dark}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; script-src 'sha256-{_SCRIPT_HASH}'; "
    "connect-src 'self'; frame-ancestors 'none'"
)
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Grantline</title>'
    "<style>{style}</style><h1>{title}</h1><p>{text}</p>{script}</html>"
)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    query: str
    host: str
    body: str


@dataclass(frozen=True, slots=True)
class _Reply:
    status: HTTPStatus
    title: str = ""
    text: str = ""
    location: str = ""
    script: str = ""

    def encode(self) -> bytes:
        body = b""
        if not self.location:
            script = f"<script>{self.script}</script>" if self.script else ""
            page = _PAGE.format(style=_STYLE, title=self.title, text=self.text, script=script)
            body = page.encode()
        head = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            "Content-Type: text/html; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "X-Content-Type-Options: nosniff",
            f"Content-Security-Policy: {_POLICY}",
            "Connection: close",
        ]
        if self.location:
            head.append(f"Location: {self.location}")
        return "\r\n".join([*head, "", ""]).encode() + body


# The code is exchanged after this page is shown, so the page cannot say how it went.
_DONE = _Reply(
    HTTPStatus.OK,
    "Your answer has arrived",
    "You can close this window; the program that asked for it says how it went.",
)
_NOT_FOUND = _Reply(HTTPStatus.NOT_FOUND, "Nothing here", "This address serves one purpose only.")
_REFUSED = _Reply(
    HTTPStatus.BAD_REQUEST,
    "This answer was not expected",
    "It belongs to another attempt. Go back to the terminal and use the address shown there.",
)
_BAD_REQUEST = _Reply(HTTPStatus.BAD_REQUEST, "Not understood", "The request was not complete.")
_FRAGMENT = _Reply(HTTPStatus.OK, "One moment", "Handing over.", script=_FRAGMENT_SCRIPT)


class LoopbackListener:
    """Receives one authorization response. An async context manager.

    Args:
        path: The path of the redirect URI; requests to any other are answered 404.
        port: A fixed port where the registration names one; 0 for a free one.
        host: The host in ``redirect_uri``. ``localhost`` only where that is what is registered:
            a name can be made to point elsewhere (RFC 8252 section 8.3).

    Raises:
        ConfigurationError: On entry: the port is taken.
    """

    def __init__(self, path: str = "/callback", port: int = 0, *, host: str = "127.0.0.1") -> None:
        self._path = path
        self._port = port
        self._host = host
        self._servers: list[asyncio.Server] = []
        self._accept: Callable[[str], bool] | None = None
        self._answer: asyncio.Future[str] | None = None
        self._answered = False
        self._last_page = asyncio.Event()

    @property
    def redirect_uri(self) -> str:
        """The redirect URI for the authorization request, with the port that was found."""
        return f"http://{self._host}:{self._port}{self._path}"

    async def wait(self, timeout: timedelta, accept: Callable[[str], bool]) -> str:  # noqa: ASYNC109
        """The query string, or the form body, of the first response that ``accept`` says yes to.

        Raises:
            CallbackRejected: ``check="no_answer"``: nothing acceptable came in time.
        """
        self._accept = accept
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                return await self._answer
        except TimeoutError:
            raise CallbackRejected(
                "No answer came from the browser in time.",
                check="no_answer",
                hint="Start again; the address in the browser works once.",
            ) from None
        finally:
            self._accept = None

    async def __aenter__(self) -> Self:
        sockets = _bind(self._port)
        self._port = sockets[0].getsockname()[1]
        for each in sockets:
            self._servers.append(await asyncio.start_server(self._serve, sock=each))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None and self._answered:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_PAGE_TIMEOUT_S):
                    await self._last_page.wait()
        for server in self._servers:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and close."""
        reply = _BAD_REQUEST
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(_REQUEST_TIMEOUT_S):
                with suppress(ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    reply = self._reply(await _read_request(reader))
                writer.write(reply.encode())
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        writer.close()
        if reply is _DONE:
            self._last_page.set()

    def _reply(self, request: _Request) -> _Reply:
        # A page elsewhere that points its own name at this machine is told nothing (DNS rebinding).
        if request.host not in {f"{name}:{self._port}" for name in _OWN_NAMES}:
            return _BAD_REQUEST
        if request.path == self._done_path and request.method == "GET":
            return _DONE
        if request.path != self._path or request.method not in {"GET", "POST"}:
            return _NOT_FOUND
        answer = request.query if request.method == "GET" else request.body
        if not answer:
            return _FRAGMENT if request.method == "GET" else _REFUSED
        if self._answer is None or self._accept is None or self._answer.done():
            return _REFUSED
        if not self._accept(answer):
            return _REFUSED
        self._answered = True
        self._answer.set_result(answer)
        # The code leaves the address bar and the history before any page is shown.
        return _Reply(HTTPStatus.SEE_OTHER, location=self._done_path)

    @property
    def _done_path(self) -> str:
        return f"{self._path.rstrip('/')}/done"


def _bind(port: int) -> list[socket.socket]:
    """Sockets on 127.0.0.1 and, where this machine has it, on ::1, with one port for both.

    Browsers may try either, and whoever else had the other one would receive the code.
    """
    for _ in range(1 if port else _BIND_ATTEMPTS):
        try:
            first = socket.create_server(("127.0.0.1", port))
        except OSError:
            break
        try:
            second = socket.create_server(("::1", first.getsockname()[1]), family=socket.AF_INET6)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return [first]
            first.close()
        else:
            return [first, second]
    raise ConfigurationError(
        f"Port {port} on this machine is taken." if port else "No port is free on this machine.",
        hint="Close the program that listens there, or register a redirect URI without a port.",
    )


async def _read_request(reader: asyncio.StreamReader) -> _Request:
    """One HTTP/1.1 request, head and body within limits.

    Raises:
        ValueError: It is none.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
    request_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, version = request_line.split(" ")
    fields = [line.partition(":") for line in lines]
    headers = {name.lower(): value.strip() for name, _, value in fields}
    length = int(headers.get("content-length", "0"))
    if not version.startswith("HTTP/1.") or not 0 <= length <= _MAX_BODY_BYTES:
        raise ValueError
    body = (await reader.readexactly(length)).decode("ascii")
    path, _, query = target.partition("?")
    return _Request(method, path, query, headers.get("host", ""), body)
