"""Token answers: issue, rotate, revoke a family on reuse (RFC 6749 section 5.1, RFC 9700 4.14)."""

from __future__ import annotations

import secrets
from typing import Any

from grantline.testing.authorization_server.exchange import Answer, Refusal
from grantline.testing.authorization_server.jose import half_hash, sign_id_token
from grantline.testing.authorization_server.options import ExpiresIn
from grantline.testing.authorization_server.state import (
    AccessToken,
    Grant,
    RefreshToken,
    Scope,
    ServerState,
)


def issue(
    state: ServerState,
    grant: Grant,
    *,
    scope: Scope | None = None,
    key_thumbprint: str = "",
    refreshable: bool = False,
    extra: dict[str, Any] | None = None,
) -> Answer:
    """A successful token answer with new tokens of ``grant``."""
    scope = grant.scope if scope is None else scope
    fields = access_token_fields(state, grant, scope, key_thumbprint)
    if refreshable and not state.options.omit_refresh_token:
        # The refresh token keeps the whole scope when a refresh asked for less (RFC 6749 6).
        fields["refresh_token"] = _new_refresh_token(state, grant, key_thumbprint)
    if "openid" in scope:
        fields["id_token"] = _id_token(state, grant, fields["access_token"])
    fields |= extra or {}
    return Answer.json(state.options.token_answer(fields))


def access_token_fields(
    state: ServerState, grant: Grant, scope: Scope, key_thumbprint: str = ""
) -> dict[str, Any]:
    """A new access token of ``grant`` and what an answer says about it."""
    value = "at_" + secrets.token_urlsafe(24)
    expires_at = state.clock.now() + state.options.access_token_lifetime
    state.access_tokens[value] = AccessToken(grant, scope, expires_at, key_thumbprint)
    token_type = "DPoP" if key_thumbprint else "Bearer"
    return {"access_token": value, "token_type": token_type, "scope": " ".join(scope)} | (
        _expires_in(state)
    )


def refresh(
    state: ServerState, value: str, *, client_id: str, asked_scope: str, key_thumbprint: str
) -> Answer:
    """The answer to a refresh (RFC 6749 section 6); reuse after the grace revokes the grant."""
    token = state.refresh_tokens.get(value)
    if token is None or token.grant.client_id != client_id:
        raise Refusal("invalid_grant", "no such refresh token of this client")
    if token.is_spent(state.clock.now(), state.options.grace):
        token.grant.revoked = True
        raise Refusal("invalid_grant", "the refresh token was used before")
    if token.grant.revoked:
        raise Refusal("invalid_grant", "the grant was revoked")
    if token.key_thumbprint and token.key_thumbprint != key_thumbprint:
        raise Refusal("invalid_dpop_proof", "the refresh token is bound to another key")
    scope = tuple(asked_scope.split()) or token.scope
    if not set(scope) <= set(token.scope):
        raise Refusal("invalid_scope", "wider than what was granted")
    if state.options.rotate:
        # A second use within the grace does not prolong it.
        token.retired_at = token.retired_at or state.clock.now()
    return issue(
        state,
        token.grant,
        scope=scope,
        key_thumbprint=key_thumbprint,
        refreshable=state.options.rotate,
    )


def _new_refresh_token(state: ServerState, grant: Grant, key_thumbprint: str) -> str:
    value = "rt_" + secrets.token_urlsafe(24)
    # RFC 9449 section 5: a client that authenticates may refresh with another key.
    if not state.clients[grant.client_id].is_public:
        key_thumbprint = ""
    state.refresh_tokens[value] = RefreshToken(grant, grant.scope, key_thumbprint)
    return value


def _expires_in(state: ServerState) -> dict[str, Any]:
    seconds = int(state.options.access_token_lifetime.total_seconds())
    match state.options.expires_in:
        case ExpiresIn.INTEGER:
            return {"expires_in": seconds}
        case ExpiresIn.STRING:
            return {"expires_in": str(seconds)}
        case ExpiresIn.FLOAT_STRING:
            return {"expires_in": str(float(seconds))}
        case ExpiresIn.MILLISECONDS:
            return {"expires_in": seconds * 1000}
        case ExpiresIn.ABSENT:
            return {}


def _id_token(state: ServerState, grant: Grant, access_token: str) -> str:
    now = int(state.clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": state.issuer,
        "sub": grant.subject,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + int(state.options.access_token_lifetime.total_seconds()),
        "at_hash": half_hash(access_token),
    }
    if grant.nonce:
        claims["nonce"] = grant.nonce
    return sign_id_token(claims, state.signing_key)
