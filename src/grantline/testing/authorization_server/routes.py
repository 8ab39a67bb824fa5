"""Which function answers which path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grantline.testing.authorization_server.api import api
from grantline.testing.authorization_server.authorize import authorize, pushed_authorization
from grantline.testing.authorization_server.device import device_authorization, device_verification
from grantline.testing.authorization_server.dpop import nonce_header
from grantline.testing.authorization_server.exchange import Answer, Endpoint, Incoming, Refusal
from grantline.testing.authorization_server.grants import token
from grantline.testing.authorization_server.lifecycle import introspect, register, revoke
from grantline.testing.authorization_server.metadata import jwks, metadata
from grantline.testing.authorization_server.state import ServerState


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: its name, the methods it takes (empty: any) and its function."""

    endpoint: Endpoint
    answer: Callable[[ServerState, Incoming], Answer]
    methods: tuple[str, ...] = ("POST",)


def _received(_state: ServerState, _incoming: Incoming) -> Answer:
    """The other origin: it takes whatever comes, and keeps it in the journal."""
    return Answer.json({"received": True})


def _not_found(_state: ServerState, _incoming: Incoming) -> Answer:
    return Answer.json({"error": "not_found"}, status=404)


SECOND_ORIGIN: Final = Route(Endpoint.SECOND_ORIGIN, _received, ())
CONTROL: Final = Route(Endpoint.CONTROL, _not_found, ())
NOWHERE: Final = Route(Endpoint.NOWHERE, _not_found, ())
API: Final = Route(Endpoint.API, api, ())

ROUTES: Final = {
    "/.well-known/oauth-authorization-server": Route(Endpoint.METADATA, metadata, ("GET",)),
    "/.well-known/openid-configuration": Route(Endpoint.METADATA, metadata, ("GET",)),
    "/jwks": Route(Endpoint.JWKS, jwks, ("GET",)),
    "/authorize": Route(Endpoint.AUTHORIZE, authorize, ("GET", "POST")),
    "/token": Route(Endpoint.TOKEN, token, ("GET", "POST")),
    "/device_authorization": Route(Endpoint.DEVICE_AUTHORIZATION, device_authorization),
    "/device": Route(Endpoint.DEVICE, device_verification, ("GET", "POST")),
    "/revoke": Route(Endpoint.REVOKE, revoke),
    "/introspect": Route(Endpoint.INTROSPECT, introspect),
    "/par": Route(Endpoint.PAR, pushed_authorization),
    "/register": Route(Endpoint.REGISTER, register),
}


def route_of(path: str) -> Route:
    """The route of ``path`` on the server's own origin."""
    return API if path.startswith("/api/") else ROUTES.get(path, NOWHERE)


def second_route_of(path: str) -> Route:
    """The route of ``path`` on the other origin."""
    return CONTROL if path.startswith("/control/") else SECOND_ORIGIN


def answer_of(route: Route, state: ServerState, incoming: Incoming) -> Answer:
    """What ``route`` says to ``incoming``; the state has changed when this returns."""
    if route.methods and incoming.method not in route.methods:
        allow = ("Allow", ", ".join(route.methods))
        return Answer.json({"error": "method_not_allowed"}, status=405).with_headers(allow)
    try:
        answer = route.answer(state, incoming)
    except Refusal as refusal:
        answer = refusal.answer()
    if state.options.dpop_nonce and route.endpoint in {Endpoint.TOKEN, Endpoint.PAR, Endpoint.API}:
        return answer.with_headers(nonce_header(state))
    return answer
