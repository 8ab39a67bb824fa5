"""What a test knows of a running peer: its addresses, and who is registered there."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerClient:
    """One registration at a peer; ``private_jwk`` is the key of a client that signs."""

    client_id: str
    client_secret: str | None = None
    token_endpoint_auth_method: str = "none"
    redirect_uris: tuple[str, ...] = ()
    private_jwk: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A running authorization server.

    Attributes:
        issuer: Its issuer identifier.
        api_url: An API that takes its tokens: ``/me`` and ``/orders?page=1`` below it.
        scope: What a client asks for to reach that API, and to refresh.
        authorize_parameters: What an authorization request needs besides, to get that scope.
        endpoints: Addresses by their RFC 8414 names, such as ``token_endpoint``.
        clients: Registrations by client ID.
    """

    issuer: str
    api_url: str
    scope: str
    authorize_parameters: Mapping[str, str]
    endpoints: Mapping[str, str]
    clients: Mapping[str, PeerClient]

    def register(self, **metadata: Any) -> PeerClient:
        """A new client, for what is known only now, such as a redirect URI (RFC 7591)."""
        request = urllib.request.Request(
            self.endpoints["registration_endpoint"],
            json.dumps(metadata).encode(),
            {"Content-Type": "application/json"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=20) as response:
            return parse_client(json.load(response))


def parse_peer(announced: Mapping[str, Any]) -> Peer:
    """The peer that its first line describes."""
    clients = [parse_client(metadata) for metadata in announced["clients"]]
    return Peer(
        issuer=announced["issuer"],
        api_url=announced["api_url"],
        scope=announced["scope"],
        authorize_parameters=announced["authorize_parameters"],
        endpoints=announced["endpoints"],
        clients={client.client_id: client for client in clients},
    )


def parse_client(metadata: Mapping[str, Any]) -> PeerClient:
    """The client that RFC 7591 metadata describe, whether announced or answered."""
    return PeerClient(
        client_id=metadata["client_id"],
        client_secret=metadata.get("client_secret"),
        token_endpoint_auth_method=metadata["token_endpoint_auth_method"],
        redirect_uris=tuple(metadata.get("redirect_uris", ())),
        private_jwk=metadata.get("private_jwk"),
    )
