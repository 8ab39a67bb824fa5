"""Cookies along one run: on every hop, every attempt and every page of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from grantline.calls.cookies import CookieJar
from grantline.connections.journey import R, Send
from grantline.messages import HttpRequest


class RunCookies:
    """The cookies of one run, a jar for each connection that takes part in it.

    Steps share cookies when whoever makes them hands all of them the same ``RunCookies``; cookies
    of one connection never go along with another.
    """

    def __init__(self) -> None:
        self._jars: dict[str, CookieJar] = {}

    def jar(self, partition: str) -> CookieJar:
        """The jar of one connection, or of all requests without any."""
        jar = self._jars.get(partition)
        if jar is None:
            jar = self._jars[partition] = CookieJar()
        return jar


def with_cookies(send: Send[R], jar: CookieJar, now: Callable[[], datetime]) -> Send[R]:
    """``send``, with the cookies of ``jar`` put on and those of the answers put in."""

    async def sent(request: HttpRequest) -> R:
        response = await send(
            _carrying(request, jar.header(request.url, now())) if jar else request
        )
        set_cookies = [value for name, value in response.headers if name == "set-cookie"]
        if set_cookies:
            jar.learn(request.url, set_cookies, now())
        return response

    return sent


def _carrying(request: HttpRequest, cookies: str) -> HttpRequest:
    """``request`` with ``cookies`` behind those that it brings of its own."""
    if not cookies:
        return request
    own = [value for name, value in request.headers if name.lower() == "cookie"]
    others = tuple(each for each in request.headers if each[0].lower() != "cookie")
    return replace(request, headers=(*others, ("Cookie", "; ".join((*own, cookies)))))
