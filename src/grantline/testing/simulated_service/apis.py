"""What the simulated APIs have in common: requests taken apart, and answers that break off."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from grantline.messages import HttpRequest, HttpResponse

Api = Callable[[HttpRequest], HttpResponse]
"""Answers requests whose token was found good."""


@dataclass(slots=True, repr=False)
class BrokenOff(HttpResponse):
    """An answer whose connection ends after ``after`` bytes of its body."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request taken apart.

    Attributes:
        path: Without percent-encoding.
        query: The last value of each name.
        json: The body; None without one.
    """

    method: str
    path: str
    query: dict[str, str]
    json: Any


def asked(request: HttpRequest) -> Asked:
    """``request`` as an API reads it."""
    parts = urlsplit(request.url)
    return Asked(
        str(request.method),
        unquote(parts.path),
        dict(parse_qsl(parts.query, keep_blank_values=True)),
        json.loads(request.data) if request.data else None,
    )
