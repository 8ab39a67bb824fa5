"""Redirects, hop by hop: every hop is a new decision (RFC 9110 section 15.4).

Libraries drop ``Authorization`` when a redirect leaves the origin and keep everything else: an
``X-Api-Key``, a body with a client secret. Here only harmless headers cross an origin, and because
each hop is made from the one before, what was left behind does not come back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from grantline.errors import EgressBlocked, LimitExceeded
from grantline.messages import Headers, HttpRequest, HttpResponse, StreamedResponse
from grantline.url import parse_url, resolve_reference

MAX_REDIRECTS: Final = 5
REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})

# What says nothing about whom the request is from.
_HARMLESS_HEADERS: Final = frozenset(
    {"accept", "accept-encoding", "accept-language", "if-range", "range", "user-agent"}
)
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of a chain of redirects.

    Attributes:
        request: What to send.
        credentials: Whether the connection's credentials may be added; False from the first
            change of origin to the end of the chain.
        redirects: How many redirects led here.
    """

    request: HttpRequest
    credentials: bool = True
    redirects: int = 0


def next_hop(
    hop: Hop, response: HttpResponse | StreamedResponse, *, limit: int = MAX_REDIRECTS
) -> Hop | None:
    """The hop that ``response`` redirects ``hop`` to; None when it does not redirect.

    Within an origin everything is kept but what the status itself drops. On another origin
    (scheme, host or port) the connection's headers, its client certificate and the body stay
    behind; only 303, which asks for a GET, leads a request with a body there.

    Raises:
        EgressBlocked: ``body_cross_origin``, ``body_not_replayable``, or a rule of `parse_url` for
            the new location.
        LimitExceeded: ``redirects``: this would be one more than ``limit``.
    """
    if response.status not in REDIRECT_STATUSES:
        return None
    location = response.header("Location")
    if location is None:
        return None
    if hop.redirects >= limit:
        raise LimitExceeded(
            f"The service redirects more than {limit} times.",
            limit="redirects",
            hint="The URL may lead in a circle; open it in a browser to see.",
        )
    request, status = hop.request, response.status
    here = parse_url(request.url)
    there = resolve_reference(here, location)
    crosses = here.origin != there.origin
    if crosses:
        if status != 303 and (request.body or request.method not in SAFE_METHODS):
            raise EgressBlocked(
                f"The service redirects a {request.method} request to another place.",
                rule="body_cross_origin",
                address=there.host,
                hint="If the place belongs to the service, request its URL directly.",
            )
        request = replace(
            request,
            headers=harmless_headers(request.headers),
            route=replace(request.route, client_certificate=None),
        )
    if (status == 303 and request.method != "HEAD") or (
        status in {301, 302} and request.method == "POST"
    ):
        request = replace(request, method="GET", headers=_without_body(request.headers), body=b"")
    if not request.replayable:
        raise EgressBlocked(
            "The service redirects the request, and its body can be read only once.",
            rule="body_not_replayable",
            address=there.host,
            hint="Request the URL that it redirects to directly, or send the body from a file.",
        )
    return Hop(
        replace(request, url=str(there)),
        credentials=hop.credentials and not crosses,
        redirects=hop.redirects + 1,
    )


def harmless_headers(headers: Headers) -> Headers:
    """Those of ``headers`` that may go to another origin."""
    return tuple(pair for pair in headers if pair[0].lower() in _HARMLESS_HEADERS)


def _without_body(headers: Headers) -> Headers:
    """``headers`` without those that describe a body."""
    return tuple(pair for pair in headers if not pair[0].lower().startswith("content-"))
