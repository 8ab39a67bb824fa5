"""Experiments with redirects: where they lead, and what of a request arrives there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile
from typing import Any, Final

from grantline.calls.redirect import REDIRECT_STATUSES, Hop, next_hop
from grantline.errors import EgressBlocked
from grantline.messages import Headers, HttpRequest, HttpResponse
from grantline.net.transport import API_LIMITS, EgressTransport, Limits
from grantline.testing.corpus.attack_finding import Finding, setup_of
from grantline.testing.corpus.attack_network import rebinding
from grantline.testing.corpus.attack_wire import (
    DEFAULT_FROM,
    surroundings,
    transport_of,
    wire_of,
)
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.wire import Answer, Seen, Wire
from grantline.url import Url, parse_url, resolve_reference

TOKEN: Final = "canary-access-token"
BODY: Final = "client_secret=canary-body"
DEFAULT_LIMIT: Final = 5


async def redirect_location(row: Row) -> Finding:
    """A request of a connection, answered by a redirect to this location."""
    setup = setup_of(row)
    if "dns_sequence" in setup:
        return await rebinding(row, parse_url(row["input"]))
    chain = _Chain.of(row)
    headers = tuple((setup.get("headers") or {"Authorization": f"Bearer {TOKEN}"}).items())
    verb, body = setup.get("method", "GET"), str(setup.get("body", BODY))
    data = b"" if verb in {"GET", "HEAD"} else body.encode()
    request = HttpRequest(verb, str(chain.start), headers, data)
    with surroundings(netrc=setup.get("netrc"), proxy=setup.get("proxy")):
        async with (
            wire_of(row, *chain.places, answer=chain.answer) as wire,
            transport_of(row, wire) as transport,
        ):
            await follow(transport, request, limit=setup.get("max", DEFAULT_LIMIT))
    return _arrived(wire, chain, headers, body, setup)


def _arrived(
    wire: Wire, chain: _Chain, headers: Headers, body: str, setup: dict[str, Any]
) -> Finding:
    """What of the credentials came to an origin that they are not for, or came back from it."""
    left = list(dropwhile(lambda seen: seen.origin == chain.start.origin, wire.seen))
    if any(seen.carries(value) for seen in left for _, value in headers):
        return Finding("allow", "credential_leaked")
    if any(seen.carries(body) for seen in left):
        return Finding("allow", "body_leaked")
    if any("proxy-authorization" in seen.headers for seen in wire.seen):
        return Finding("allow", "proxy_authorization_leaked")
    if "netrc" in setup:
        found = any("authorization" in seen.headers for seen in left)
        return Finding("allow", "netrc_read") if found else Finding("deny", "trust_env_off")
    if "proxy" in setup:
        return Finding("strip", "proxy_authorization")
    if chain.status not in REDIRECT_STATUSES and len(wire.seen) == 1:
        return Finding("ignore", "not_followed")
    if not left:
        return Finding("allow")
    usual = all(name.lower() == "authorization" for name, _ in headers)
    return Finding("strip", f"{'authorization' if usual else 'all_credentials'}_cross_origin")


@dataclass(slots=True)
class _Chain:
    """A server that redirects each request to the next of ``locations``, and then answers.

    Attributes:
        start: Where the first request goes.
        status: That of every redirect.
        locations: What the Location headers say, in order.
        in_a_circle: Whether the last of them is said for ever.
        answered: How many requests were.
    """

    start: Url
    status: int
    locations: tuple[str, ...]
    in_a_circle: bool = False
    answered: int = 0

    @classmethod
    def of(cls, row: Row) -> _Chain:
        """The redirects of ``row``: ``hops`` of them, and what comes after, by any name."""
        setup = setup_of(row)
        start = parse_url(setup.get("from", DEFAULT_FROM))
        hops, then = setup.get("hops", 1), setup.get("chain") or setup.get("then") or ()
        if isinstance(hops, list):
            hops, then = 1, hops
        then = [then] if isinstance(then, str) else list(then)
        within = [f"/hop/{number}" for number in range(1, int(hops))]
        locations = (*within, row["input"], *then[then[:1] == [row["input"]] :])
        chain = cls(start, setup.get("status", 302), locations)
        chain.in_a_circle = not then and str(start) in map(str, chain.places[1:])
        return chain

    @property
    def places(self) -> list[Url]:
        """Where the requests go, as far as the locations can be read."""
        places = [self.start]
        for location in self.locations:
            try:
                places.append(resolve_reference(places[-1], location))
            except EgressBlocked:
                break
        return places

    def answer(self, _seen: Seen) -> Answer:
        """The next redirect, or the end."""
        step = self.answered
        self.answered += 1
        if step < len(self.locations):
            return Answer(self.status, (("Location", self.locations[step]),))
        if self.in_a_circle:
            return Answer(self.status, (("Location", self.locations[-1]),))
        return Answer()


async def follow(
    transport: EgressTransport,
    request: HttpRequest,
    *,
    limit: int = DEFAULT_LIMIT,
    limits: Limits = API_LIMITS,
) -> HttpResponse:
    """The answer at the end of the redirects, each hop decided by `next_hop`."""
    hop = Hop(request)
    while True:
        response = await transport.send(hop.request, limits=limits)
        following = next_hop(hop, response, limit=limit)
        if following is None:
            return response
        hop = following
