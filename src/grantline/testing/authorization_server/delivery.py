"""Bringing an answer to the client over its socket, as well or as badly as scripted."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import web

from grantline.testing.authorization_server.exchange import Answer
from grantline.testing.authorization_server.faults import AnswerTwice, Drip, Fault, Truncate
from grantline.testing.authorization_server.gates import Gates, Point
from grantline.testing.authorization_server.journal import Entry, Outcome


async def deliver(
    request: web.BaseRequest, answer: Answer, *, fault: Fault, entry: Entry, gates: Gates
) -> web.StreamResponse:
    """Send ``answer``; the entry's outcome tells whether all of it left."""
    if isinstance(fault, AnswerTwice):
        return _twice(request, answer, entry)
    response = web.StreamResponse(status=answer.status)
    for name, value in answer.headers:
        response.headers.add(name, value)
    # RFC 9110 section 6.4.1: these answers have no body, whatever the endpoint wrote.
    bodiless = request.method == "HEAD" or answer.status in {204, 304}
    body = b"" if bodiless else answer.body
    if not bodiless:
        response.content_length = len(body)
    try:
        await response.prepare(request)
        if isinstance(fault, Truncate):
            await response.write(body[: fault.keep])
            entry.outcome = Outcome.TRUNCATED
            _close(request)
            return response
        await _send_body(response, body, fault, entry, gates)
    except ConnectionError:
        entry.outcome = Outcome.CLIENT_LEFT
        return response
    entry.outcome = Outcome.ANSWERED
    return response


def _twice(request: web.BaseRequest, answer: Answer, entry: Entry) -> web.StreamResponse:
    """Both in one piece, so that the client meets the second before it has looked at the first."""
    if request.transport is not None:
        request.transport.write(2 * _on_the_wire(answer, request.headers.get("Connection", "")))
        _close(request)
    entry.outcome = Outcome.ANSWERED
    return web.Response()


def drop(request: web.BaseRequest, entry: Entry) -> web.StreamResponse:
    """Reset the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    entry.outcome = Outcome.DROPPED
    # Nothing of it can leave any more; the HTTP server only wants to be given something.
    return web.Response()


async def _send_body(
    response: web.StreamResponse, body: bytes, fault: Fault, entry: Entry, gates: Gates
) -> None:
    if isinstance(fault, Drip):
        for start in range(0, len(body), fault.chunk_bytes):
            await response.write(body[start : start + fault.chunk_bytes])
            await asyncio.sleep(fault.every.total_seconds())
        await response.write_eof()
        return
    half = len(body) // 2
    if half:
        await response.write(body[:half])
    await gates.passing(Point.ANSWERING, entry)
    if body:
        await response.write(body[half:])
    await response.write_eof()


def _close(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()


def _on_the_wire(answer: Answer, connection: str) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    lines += [f"Connection: {connection}"] if connection else []
    lines.append(f"Content-Length: {len(answer.body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body
