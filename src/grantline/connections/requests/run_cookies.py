"""Cookies along one run: on every hop, every attempt and every page of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from grantline.calls.cookies import CookieJar
from grantline.messages import Headers, HttpRequest


class RunCookies(dict[str, CookieJar]):
    """The cookies of one run: a jar for each connection that takes part in it, by partition.

    A partition is one connection, or all requests without any. Steps share cookies when whoever
    makes them hands all of them the same ``RunCookies``; cookies of one connection never go along
    with another.
    """

    __slots__ = ()

    def put_on(
        self, request: HttpRequest, partition: str, now: Callable[[], datetime]
    ) -> HttpRequest:
        """``request`` with those cookies of ``partition`` that its URL gets."""
        jar = self.get(partition)
        return _carrying(request, jar.header(request.url, now())) if jar else request

    def learn(
        self, url: str, headers: Headers, partition: str, now: Callable[[], datetime]
    ) -> None:
        """Keeps what an answer from ``url`` sets by its ``headers``."""
        set_cookies = [value for name, value in headers if name == "set-cookie"]
        if set_cookies:
            self.setdefault(partition, CookieJar()).learn(url, set_cookies, now())


def _carrying(request: HttpRequest, cookies: str) -> HttpRequest:
    """``request`` with ``cookies`` behind those that it brings of its own."""
    if not cookies:
        return request
    own = [value for name, value in request.headers if name.lower() == "cookie"]
    others = tuple(each for each in request.headers if each[0].lower() != "cookie")
    return replace(request, headers=(*others, ("Cookie", "; ".join((*own, cookies)))))
