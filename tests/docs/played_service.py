"""A service of the catalogue in place of the network, with an API that knows a page's requests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import unquote

from grantline.messages import HttpRequest, HttpResponse, StreamedResponse
from grantline.net.transport import API_LIMITS, STREAM_LIMITS, Limits
from grantline.testing.simulated_service import SimulatedService


@dataclass(frozen=True)
class Known:
    """One request that the API knows, and its answer.

    Attributes:
        asks: Method and URL, query included, nothing percent-encoded.
        sends: The JSON body that it wants; None for no body.
    """

    asks: str
    answers: Any
    sends: Any = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class PlayedService:
    """A ``Transport``: ``service`` judges tokens and OAuth; of its API ``known`` are answered."""

    service: SimulatedService
    known: tuple[Known, ...]
    met: list[str] = field(default_factory=list)

    async def send(
        self, request: HttpRequest, *, limits: Limits = API_LIMITS, partition: str = ""
    ) -> HttpResponse:
        # As the doctor asks.
        if request.method == "HEAD" or "/.well-known/" in request.url:
            return HttpResponse(404)
        answer = await self.service.send(request, limits=limits, partition=partition)
        return self._of_the_api(request, answer)

    @asynccontextmanager
    async def stream(
        self, request: HttpRequest, *, limits: Limits = STREAM_LIMITS, partition: str = ""
    ) -> AsyncIterator[StreamedResponse]:
        answer = await self.send(request, limits=limits, partition=partition)

        async def chunks() -> AsyncIterator[bytes]:
            yield answer.body

        yield StreamedResponse(answer.status, answer.headers, chunks(), request.url)

    def _of_the_api(self, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        if self.service.seen[-1] != "api" or answer.status != 200:
            return answer
        asks = unquote(f"{request.method} {request.url}")
        known = next((each for each in self.known if each.asks == asks), None)
        if known is None:
            raise AssertionError(f"The API does not know {asks}.")
        sent = json.loads(request.data) if request.data else None
        assert sent == known.sends
        self.met.append(asks)
        headers = (("Content-Type", "application/json"), *known.headers)
        return HttpResponse(known.status, headers, json.dumps(known.answers).encode())

    # As the transport that an installation opens for itself.

    def __call__(self, *_: Any, **__: Any) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None
