"""What the doctor asks a service: whether its servers are reached, their time, their addresses.

It sends no secret, and what it hears of the time is told to people and used for nothing else.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from grantline.connections.apps.discovery import discover_issuer
from grantline.connections.context import Context
from grantline.errors import GrantlineError
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.transport import Limits
from grantline.oauth.discovery.metadata import ServerMetadata
from grantline.url import parse_url

MOST_SERVERS: Final = 100
_LIMITS: Final = Limits(total=timedelta(seconds=8), response_bytes=64 * 1024)


@dataclass(frozen=True, slots=True)
class Probe:
    """What one server said.

    Attributes:
        host: Which one.
        ahead: How far its clock is ahead of ours; None when it did not say.
        error: Why it could not be asked; None when it answered, whatever it answered.
    """

    host: str
    ahead: timedelta | None = None
    error: GrantlineError | None = None


class Prober:
    """Asks each server once, however many connections use it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._answers: dict[str, Probe] = {}
        self._published: dict[str, ServerMetadata | None] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ask(self, origins: Sequence[str]) -> list[Probe]:
        """What each server answers to a HEAD request for its root; a bounded number is asked."""
        found = await asyncio.gather(*(self._answer(each) for each in origins))
        return [each for each in found if each is not None]

    async def published(self, issuer: str) -> ServerMetadata | None:
        """What an issuer says of itself; None when nothing can be had that may be believed."""
        async with self._turns[issuer]:
            if issuer not in self._published and len(self._turns) <= MOST_SERVERS:
                try:
                    self._published[issuer] = await discover_issuer(self._context, issuer)
                except GrantlineError:
                    self._published[issuer] = None
            return self._published.get(issuer)

    async def _answer(self, origin: str) -> Probe | None:
        async with self._turns[origin]:
            if origin not in self._answers and len(self._turns) <= MOST_SERVERS:
                self._answers[origin] = await self._probe(origin)
            return self._answers.get(origin)

    async def _probe(self, origin: str) -> Probe:
        clock, host = self._context.clock, parse_url(origin).host
        began = clock.now()
        try:
            answer = await self._context.transport.send(
                HttpRequest("HEAD", f"{origin}/"), limits=_LIMITS, partition="doctor"
            )
        except GrantlineError as error:
            return Probe(host, error=error)
        return Probe(host, ahead=server_ahead(answer, began, clock.now()))


def server_ahead(answer: HttpResponse, began: datetime, ended: datetime) -> timedelta | None:
    """How far the clock of who answered is ahead (RFC 9110 section 6.6.1); None if unsaid.

    A cache answers with the date of the origin's answer, and says how old that is (RFC 9111
    section 5.1). When within the exchange the date was written is not known, so what could be the
    way there and back counts as nothing.
    """
    said = date_of(answer.header("Date") or "")
    if said is None:
        return None
    age = (answer.header("Age") or "").strip()
    said += timedelta(seconds=int(age) if age.isdecimal() and len(age) < 9 else 0)
    if said < began:
        return min(said + timedelta(seconds=1) - began, timedelta(0))
    return max(said - ended, timedelta(0))


def date_of(text: str) -> datetime | None:
    """The instant in a Date header; None when it names none."""
    try:
        said = parsedate_to_datetime(text)
    except ValueError:
        return None
    return said if said.tzinfo else None
