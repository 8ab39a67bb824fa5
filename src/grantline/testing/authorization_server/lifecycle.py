"""The end of tokens and the start of clients: RFC 7009, RFC 7662 and RFC 7591."""

from __future__ import annotations

import json
import secrets
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from grantline.testing.authorization_server.clients import authenticate
from grantline.testing.authorization_server.exchange import Answer, Incoming, Refusal
from grantline.testing.authorization_server.state import Client, ServerState


def revoke(state: ServerState, incoming: Incoming) -> Answer:
    """200 for any token, known or not (RFC 7009 section 2.2); a refresh token ends its grant."""
    client = authenticate(state, incoming)
    value = incoming.parameters.get("token", "")
    refresh_token = state.refresh_tokens.get(value)
    if refresh_token is not None and refresh_token.grant.client_id == client.client_id:
        refresh_token.grant.revoked = True
    access_token = state.access_tokens.get(value)
    if access_token is not None and access_token.grant.client_id == client.client_id:
        access_token.revoked = True
    return Answer.json({})


def introspect(state: ServerState, incoming: Incoming) -> Answer:
    """Whether a token is alive, told to an authenticated client (RFC 7662 section 2.2)."""
    authenticate(state, incoming)
    value = incoming.parameters.get("token", "")
    now = state.clock.now()
    access_token = state.access_tokens.get(value)
    if access_token is not None and access_token.is_active(now):
        return Answer.json(
            {
                "active": True,
                "client_id": access_token.grant.client_id,
                "sub": access_token.grant.subject,
                "scope": " ".join(access_token.scope),
                "exp": int(access_token.expires_at.timestamp()),
                "token_type": "DPoP" if access_token.key_thumbprint else "Bearer",
            }
        )
    refresh_token = state.refresh_tokens.get(value)
    if (
        refresh_token is not None
        and not refresh_token.grant.revoked
        and not refresh_token.is_spent(now, state.options.grace)
    ):
        grant = refresh_token.grant
        return Answer.json({"active": True, "client_id": grant.client_id, "sub": grant.subject})
    return Answer.json({"active": False})


def register(state: ServerState, incoming: Incoming) -> Answer:
    """A new client (RFC 7591 section 3.2.1)."""
    try:
        asked = json.loads(incoming.body)
    except ValueError as problem:
        raise Refusal("invalid_client_metadata", "the body is not JSON") from problem
    if not isinstance(asked, dict):
        raise Refusal("invalid_client_metadata", "the body is not a JSON object")
    method = str(asked.get("token_endpoint_auth_method", "client_secret_basic"))
    redirect_uris = asked.get("redirect_uris", [])
    if not isinstance(redirect_uris, list):
        raise Refusal("invalid_redirect_uri", "redirect_uris is not a list")
    client = Client(
        client_id="client_" + secrets.token_urlsafe(9),
        client_secret=_new_secret() if method.startswith("client_secret") else "",
        redirect_uris=tuple(str(one) for one in redirect_uris),
        authentication=frozenset({method}),
        jwks=_public_keys(asked.get("jwks")),
    )
    state.clients[client.client_id] = client
    answer = {**asked, "client_id": client.client_id, "token_endpoint_auth_method": method}
    answer["client_id_issued_at"] = int(state.clock.now().timestamp())
    if client.client_secret:
        answer |= {"client_secret": client.client_secret, "client_secret_expires_at": 0}
    return Answer.json(answer, status=201)


def _public_keys(jwks: Any) -> tuple[dict[str, Any], ...]:
    """The keys a client registers for private_key_jwt."""
    if jwks is None:
        return ()
    try:
        keys = KeySet.import_key_set(jwks)
    except (JoseError, AttributeError, LookupError, TypeError, ValueError) as problem:
        raise Refusal("invalid_client_metadata", "jwks cannot be read") from problem
    return tuple(key.as_dict(private=False) for key in keys.keys)


def _new_secret() -> str:
    return "secret_" + secrets.token_urlsafe(24)
