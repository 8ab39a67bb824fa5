"""The server itself: two origins on loopback, one journal."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from anyio.from_thread import start_blocking_portal

from grantline.clock import Clock, SystemClock
from grantline.testing.authorization_server.authorize import authorize
from grantline.testing.authorization_server.control import control
from grantline.testing.authorization_server.device import decide_device
from grantline.testing.authorization_server.exchange import Endpoint, Incoming
from grantline.testing.authorization_server.faults import Fault
from grantline.testing.authorization_server.gates import Gates, Hold, Point
from grantline.testing.authorization_server.journal import Journal, Outcome
from grantline.testing.authorization_server.options import Consent, ServerOptions
from grantline.testing.authorization_server.routes import route_of, second_route_of
from grantline.testing.authorization_server.service import Service
from grantline.testing.authorization_server.state import Client, ServerState


class FakeAuthorizationServer:
    """A real authorization server and a small API on loopback, for tests and demonstrations.

    Use it as an async context manager on the running event loop, or with ``in_thread()`` from
    synchronous code::

        with FakeAuthorizationServer.in_thread(ServerOptions(rotate=False)) as server:
            callback = server.approve(authorization_url)
            ...
            server.journal.assert_clean()

    ``journal`` holds every request against the rules of a good client. A second origin,
    ``second_origin``, takes and records whatever is sent to it, and offers ``/control/`` to other
    processes. Methods may be called from any thread.

    Args:
        options: How it behaves.
        clients: The registered clients; ``client`` is the first of them.
        clock: What it believes the time is.
        port: Of ``issuer``; 0 takes a free one.
        second_port: Of ``second_origin``; 0 takes a free one.
    """

    def __init__(
        self,
        options: ServerOptions | None = None,
        *,
        clients: Iterable[Client] = (Client(),),
        clock: Clock | None = None,
        port: int = 0,
        second_port: int = 0,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.second_origin = ""
        self._state = ServerState(options or ServerOptions(), self.clock)
        self._state.clients = {client.client_id: client for client in clients}
        self._service = Service(self._state, partial(control, self))
        self.journal: Journal = self._service.journal
        self.gates: Gates = self._service.gates
        self._ports = (port, second_port)
        self._running = AsyncExitStack()

    @classmethod
    @contextmanager
    def in_thread(
        cls,
        options: ServerOptions | None = None,
        *,
        clients: Iterable[Client] = (Client(),),
        clock: Clock | None = None,
        port: int = 0,
        second_port: int = 0,
    ) -> Iterator[FakeAuthorizationServer]:
        """The server on an event loop of its own in another thread, until the block ends."""
        server = cls(options, clients=clients, clock=clock, port=port, second_port=second_port)
        with (
            start_blocking_portal("asyncio") as portal,
            portal.wrap_async_context_manager(server) as running,
        ):
            yield running

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as starting:
            first, second = self._ports
            self._state.issuer = await self._service.listen(starting, first, route_of)
            self.second_origin = await self._service.listen(starting, second, second_route_of)
            starting.callback(self.gates.open)
            self._running = starting.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._running.aclose()

    # Where it is.

    @property
    def issuer(self) -> str:
        """The issuer identifier, which is its origin."""
        return self._state.issuer

    @property
    def authorize_uri(self) -> str:
        """Where a person is sent."""
        return f"{self.issuer}/authorize"

    @property
    def token_uri(self) -> str:
        """Where codes and refresh tokens are exchanged."""
        return self._state.token_uri

    @property
    def device_authorization_uri(self) -> str:
        """RFC 8628 section 3.1."""
        return f"{self.issuer}/device_authorization"

    @property
    def revocation_uri(self) -> str:
        """RFC 7009."""
        return f"{self.issuer}/revoke"

    @property
    def introspection_uri(self) -> str:
        """RFC 7662."""
        return f"{self.issuer}/introspect"

    @property
    def pushed_authorization_uri(self) -> str:
        """RFC 9126."""
        return f"{self.issuer}/par"

    @property
    def registration_uri(self) -> str:
        """RFC 7591."""
        return f"{self.issuer}/register"

    @property
    def jwks_uri(self) -> str:
        """The keys of its ID tokens."""
        return f"{self.issuer}/jwks"

    @property
    def api_url(self) -> str:
        """The base of the demo API."""
        return f"{self.issuer}/api"

    @property
    def client(self) -> Client:
        """The first client."""
        return next(iter(self._state.clients.values()))

    def describe(self) -> dict[str, Any]:
        """The addresses and client IDs, for another process; no secret."""
        return {
            "issuer": self.issuer,
            "authorize_uri": self.authorize_uri,
            "token_uri": self.token_uri,
            "device_authorization_uri": self.device_authorization_uri,
            "revocation_uri": self.revocation_uri,
            "introspection_uri": self.introspection_uri,
            "pushed_authorization_uri": self.pushed_authorization_uri,
            "registration_uri": self.registration_uri,
            "jwks_uri": self.jwks_uri,
            "api_url": self.api_url,
            "second_origin": self.second_origin,
            "client_ids": list(self._state.clients),
        }

    # What people and operators do.

    def approve(self, authorization_url: str) -> str:
        """Where a person who opens ``authorization_url`` and says yes is sent back to.

        Raises:
            ValueError: The server did not send the person back.
        """
        return self._decide(authorization_url, Consent.APPROVE)

    def deny(self, authorization_url: str) -> str:
        """As ``approve()``, by a person who says no."""
        return self._decide(authorization_url, Consent.DENY)

    def approve_device(self, user_code: str) -> None:
        """A person types ``user_code`` and says yes; LookupError when no device waits with it."""
        with self._state.lock:
            decide_device(self._state, user_code, approved=True)

    def deny_device(self, user_code: str) -> None:
        """A person types ``user_code`` and says no; LookupError when no device waits with it."""
        with self._state.lock:
            decide_device(self._state, user_code, approved=False)

    def expire_access_tokens(self) -> None:
        """End all access tokens now, whatever lifetime was promised."""
        with self._state.lock:
            for token in self._state.access_tokens.values():
                token.expires_at = min(token.expires_at, self.clock.now())

    def revoke_grants(self) -> None:
        """Take back every consent: all access and refresh tokens are dead."""
        with self._state.lock:
            for grant in self._state.grants:
                grant.revoked = True

    def rotate_dpop_nonce(self) -> None:
        """Accept only proofs with a new nonce from now on."""
        with self._state.lock:
            self._state.dpop_nonce = secrets.token_urlsafe(16)

    # What goes wrong, and where it stops.

    def script(self, endpoint: Endpoint | str, *faults: Fault) -> None:
        """Let the next requests at ``endpoint`` meet ``faults``, one each; None is no fault."""
        self._service.faults.script(Endpoint(endpoint), faults)

    def hold(self, endpoint: Endpoint | str, point: Point | str) -> Hold:
        """Stop the next exchange at ``endpoint`` when it comes to ``point``."""
        return self.gates.hold(Endpoint(endpoint), Point(point))

    def _decide(self, authorization_url: str, consent: Consent) -> str:
        target, _, query = authorization_url.partition("?")
        if target != self.authorize_uri:
            raise ValueError("this URL is not that of the authorization endpoint")
        incoming = Incoming(
            endpoint=Endpoint.AUTHORIZE,
            at=self.clock.now(),
            method="GET",
            origin=self.issuer,
            path=urlsplit(target).path,
            query=tuple(parse_qsl(query, keep_blank_values=True)),
        )
        with self._state.lock:
            entry = self.journal.record(incoming)
            self._service.judge(entry)
            answer = authorize(self._state, incoming, consent)
        entry.status, entry.outcome = answer.status, Outcome.ANSWERED
        location = dict(answer.headers).get("Location")
        if location is None:
            raise ValueError(f"the server did not redirect; it answered {answer.status}")
        return location
