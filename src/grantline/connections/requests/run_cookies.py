"""Cookies along one run: on every hop, every attempt and every page of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from grantline.calls.cookies import CookieJar
from grantline.messages import HttpRequest, HttpResponse


class RunCookies:
    """The cookies of one run, a jar for each connection that takes part in it.

    Steps share cookies when whoever makes them hands all of them the same ``RunCookies``; cookies
    of one connection never go along with another.
    """

    def __init__(self) -> None:
        self._jars: dict[str, CookieJar] = {}

    def put_on(
        self, request: HttpRequest, partition: str, now: Callable[[], datetime]
    ) -> HttpRequest:
        """``request`` with those cookies of ``partition`` that its URL gets.

        A partition is one connection, or all requests without any.
        """
        jar = self._jars.get(partition)
        return _carrying(request, jar.header(request.url, now())) if jar else request

    def learn(
        self, url: str, response: HttpResponse, partition: str, now: Callable[[], datetime]
    ) -> None:
        """Keeps what ``response``, from ``url``, sets."""
        set_cookies = [value for name, value in response.headers if name == "set-cookie"]
        if set_cookies:
            self._jars.setdefault(partition, CookieJar()).learn(url, set_cookies, now())


def _carrying(request: HttpRequest, cookies: str) -> HttpRequest:
    """``request`` with ``cookies`` behind those that it brings of its own."""
    if not cookies:
        return request
    own = [value for name, value in request.headers if name.lower() == "cookie"]
    others = tuple(each for each in request.headers if each[0].lower() != "cookie")
    return replace(request, headers=(*others, ("Cookie", "; ".join((*own, cookies)))))
