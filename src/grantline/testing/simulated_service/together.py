"""Several simulated services in place of the network, told apart by their hosts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from grantline.messages import HttpRequest, HttpResponse, StreamedResponse
from grantline.net.transport import API_LIMITS, STREAM_LIMITS, Limits
from grantline.testing.simulated_service.service import SimulatedService


@dataclass(slots=True)
class Together:
    """A ``Transport``, and what makes one.

    Attributes:
        hosts: Who answers at each host; anybody else is nobody's, which is a mistake of the test.
    """

    hosts: Mapping[str, SimulatedService]

    async def send(
        self, request: HttpRequest, *, limits: Limits = API_LIMITS, partition: str = ""
    ) -> HttpResponse:
        """The answer of the service whose host it is."""
        return await self._at(request).send(request, limits=limits, partition=partition)

    @asynccontextmanager
    async def stream(
        self, request: HttpRequest, *, limits: Limits = STREAM_LIMITS, partition: str = ""
    ) -> AsyncIterator[StreamedResponse]:
        """The same, the body still to come."""
        service = self._at(request)
        async with service.stream(request, limits=limits, partition=partition) as answer:
            yield answer

    @property
    def complaints(self) -> list[str]:
        """What was wrong with requests, at any of them."""
        services = {id(each): each for each in self.hosts.values()}.values()
        return [complaint for each in services for complaint in each.complaints]

    def _at(self, request: HttpRequest) -> SimulatedService:
        host = urlsplit(request.url).hostname or ""
        if host not in self.hosts:
            raise AssertionError(f"nobody plays {host}")
        return self.hosts[host]

    # As the transport that an installation opens for itself.

    def __call__(self, *_: Any, **__: Any) -> Self:
        """Itself, whatever it is to be opened with."""
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None
