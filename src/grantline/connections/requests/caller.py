"""As whom a request is made: with a connection's token, with a credential, or as nobody.

A secret is put on at the last moment, for each hop anew, and only for a host that it was given
for.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from grantline.calls.hosts import matches
from grantline.calls.redirect import Hop
from grantline.connections.connection import Actor
from grantline.connections.credentials.authentication import (
    KeyCredential,
    KeyPlacement,
    RequestCredential,
    check_credential_host,
    put_on,
)
from grantline.connections.renewal.holding import Holding
from grantline.errors import EgressBlocked
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.address import is_closed
from grantline.oauth.app.template import names_in
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop, asks_for_nonce
from grantline.oauth.requests.parameters import append_query, query_parameters
from grantline.oauth.tokens.placement import place, place_token
from grantline.url import parse_url


class Caller(Protocol):
    """As whom a request is made.

    1. ``placed`` refuses a host that the secret was not given for.
    2. ``bare`` removes what a service has copied from our query into its redirect.
    """

    @property
    def partition(self) -> str:
        """Whose connections the request may share."""

    @property
    def base_url(self) -> str:
        """Where relative URLs begin; empty for nowhere."""

    def placed(self, request: HttpRequest) -> HttpRequest:
        """``request`` with the secret; raises ``EgressBlocked``."""

    def wants_again(self, placed: HttpRequest, response: HttpResponse) -> bool:
        """Whether ``response`` only asks for the same request in another form."""

    def bare(self, hop: Hop) -> Hop:
        """``hop`` without the secret in its URL."""


class AsNobody:
    """Without any secret."""

    base_url: Final = ""

    def __init__(self, actor: Actor) -> None:
        self.partition: Final = f"plain:{actor.workspace}:{actor.user}"

    def placed(self, request: HttpRequest) -> HttpRequest:
        """``request`` itself."""
        return request

    def wants_again(self, placed: HttpRequest, response: HttpResponse) -> bool:
        """Never."""
        del placed, response
        return False

    def bare(self, hop: Hop) -> Hop:
        """``hop`` itself."""
        return hop


class AsCredential(AsNobody):
    """With an API key, or a user name and password."""

    def __init__(self, actor: Actor, credential: RequestCredential) -> None:
        super().__init__(actor)
        self._credential = credential

    def placed(self, request: HttpRequest) -> HttpRequest:
        """``request`` with the credential."""
        check_credential_host(request, self._credential)
        return put_on(request, self._credential)

    def bare(self, hop: Hop) -> Hop:
        """``hop`` without the key in its query."""
        key = self._credential
        if not isinstance(key, KeyCredential) or key.placement is KeyPlacement.HEADER:
            return hop
        return _without(hop, key.name, key.value.reveal())


class Proofs:
    """The nonces that services want in the next proof, by connection (RFC 9449 section 8.2)."""

    def __init__(self, moment: Callable[[], Moment]) -> None:
        self.moment: Final = moment
        self._learned: dict[str, Dpop] = {}

    def of(self, holding: Holding) -> Dpop | None:
        """The connection's key, with the nonces learned for this very key."""
        learned = self._learned.get(holding.record.id)
        same = learned is not None and holding.dpop is not None and learned.key == holding.dpop.key
        return learned if same else holding.dpop

    def learn(self, holding: Holding, request: HttpRequest, response: HttpResponse) -> None:
        """Keeps the nonce that ``response`` brings."""
        dpop = self.of(holding)
        if dpop is not None:
            self._learned[holding.record.id] = dpop.learned(response, request=request)


class AsConnection:
    """With the token of a connection."""

    __slots__ = ("_proofs", "base_url", "holding", "partition")

    def __init__(self, holding: Holding, proofs: Proofs) -> None:
        self.holding: Final = holding
        self.partition: Final = holding.record.id
        # Until the service has sent every value in it there is no base URL.
        base_url = holding.settings.base_url
        self.base_url: Final = "" if names_in(base_url) else base_url
        self._proofs = proofs

    def placed(self, request: HttpRequest) -> HttpRequest:
        """``request`` with the token, and with a proof where the token is bound to a key."""
        _check_host(self.holding, request)
        credential = self.holding.credential
        if credential.bound is None:
            return place(request, credential)
        return place_token(
            request,
            settings=self.holding.settings,
            tokens=self.holding.granted,
            moment=self._proofs.moment(),
            dpop=self._proofs.of(self.holding),
        )

    def wants_again(self, placed: HttpRequest, response: HttpResponse) -> bool:
        """Whether ``response`` asks for a proof with the nonce that it brings."""
        if self.holding.credential.bound is None:
            return False
        self._proofs.learn(self.holding, placed, response)
        return asks_for_nonce(response)

    def bare(self, hop: Hop) -> Hop:
        """``hop`` without the token in its query."""
        name = self.holding.settings.query_name
        return _without(hop, name, self.holding.granted.access_token.reveal())


def _check_host(holding: Holding, request: HttpRequest) -> None:
    url = parse_url(request.url)
    if matches(holding.hosts, url.host):
        return
    name = holding.record.name
    hint = (
        f"If {url.host} belongs to the service, run: "
        f"grantline connection edit {shlex.quote(name)} --add-host {url.host}"
    )
    if url.address is not None and is_closed(url.address):
        hint = "No setting allows this address."
    raise EgressBlocked(
        f"The token of “{name}” may not go to {url.host}.",
        rule="host_not_allowed",
        address=url.host,
        setting="hosts",
        hint=hint,
    )


def _without(hop: Hop, name: str, value: str) -> Hop:
    """``hop`` without the parameter ``name`` where it has exactly this ``value``."""
    url = hop.request.url
    pairs = query_parameters(url)
    if (name, value) not in pairs:
        return hop
    kept = tuple(pair for pair in pairs if pair != (name, value))
    bare = append_query(url.partition("#")[0].partition("?")[0], kept)
    return replace(hop, request=replace(hop.request, url=bare))
