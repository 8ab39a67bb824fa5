"""Running a protocol conversation: a generator yields requests and is sent the responses.

A flow never sees a socket, so the same generator serves synchronous and asynchronous callers and
a test that plays the server by hand. A transport error is thrown into the flow at the ``yield``,
where the flow may know better than the transport what a lost answer means.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

from grantline.errors import GrantlineError
from grantline.messages import HttpRequest, HttpResponse

T = TypeVar("T")
Flow = Generator[HttpRequest, HttpResponse, T]


def drive(flow: Flow[T], send: Callable[[HttpRequest], HttpResponse]) -> T:
    """The result of ``flow``, every request of it sent with ``send``."""
    try:
        request = next(flow)
        while True:
            try:
                response = send(request)
            except GrantlineError as error:
                request = flow.throw(error)
            else:
                request = flow.send(response)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def adrive(flow: Flow[T], send: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> T:
    """The result of ``flow``, every request of it sent with the awaitable ``send``."""
    try:
        request = next(flow)
        while True:
            try:
                response = await send(request)
            except GrantlineError as error:
                request = flow.throw(error)
            else:
                request = flow.send(response)
    except StopIteration as stop:
        result: T = stop.value
        return result
