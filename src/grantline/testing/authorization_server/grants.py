"""The token endpoint: one function per grant type."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from grantline.testing.authorization_server.clients import (
    authenticate,
    client_keys,
    unverified_claims,
)
from grantline.testing.authorization_server.device import exchange_device_code
from grantline.testing.authorization_server.dpop import key_of_token_request
from grantline.testing.authorization_server.exchange import Answer, Incoming, Refusal
from grantline.testing.authorization_server.jose import (
    ASYMMETRIC,
    check_assertion_claims,
    read_signed,
    unpadded,
)
from grantline.testing.authorization_server.options import Leniency
from grantline.testing.authorization_server.state import (
    DEMO_PASSWORD,
    DEMO_USERNAME,
    Client,
    Code,
    ServerState,
)
from grantline.testing.authorization_server.tokens import issue, refresh

TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
ACCESS_TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type:access_token"


def token(state: ServerState, incoming: Incoming) -> Answer:
    """The answer of the token endpoint (RFC 6749 section 3.2)."""
    _check_form(state, incoming)
    grant_type = incoming.parameters.get("grant_type", "")
    if grant_type not in GRANT_TYPES:
        raise Refusal("unsupported_grant_type", "no such grant type here")
    if grant_type == JWT_BEARER:
        client = _client_of_assertion(state, incoming)
    else:
        client = authenticate(state, incoming)
    return GRANT_TYPES[grant_type](state, incoming, client, key_of_token_request(state, incoming))


def _check_form(state: ServerState, incoming: Incoming) -> None:
    lenient = state.options.lenient
    if incoming.is_json:
        if Leniency.TOKEN_REQUEST_AS_JSON not in lenient:
            raise Refusal("invalid_request", "the body must be a form")
    elif incoming.query and Leniency.TOKEN_REQUEST_IN_QUERY not in lenient:
        raise Refusal("invalid_request", "parameters belong into the body")
    elif incoming.method != "POST" and Leniency.TOKEN_REQUEST_IN_QUERY not in lenient:
        raise Refusal("invalid_request", "the token endpoint takes POST", status=405)


def _authorization_code(
    state: ServerState, incoming: Incoming, client: Client, key_thumbprint: str
) -> Answer:
    """RFC 6749 section 4.1.3, RFC 7636 section 4.6: a code is burnt by its first use."""
    parameters = incoming.parameters
    code = state.codes.get(parameters.get("code", ""))
    if code is None:
        raise Refusal("invalid_grant", "no such code")
    if code.used:
        # RFC 6749 section 4.1.2: whoever came first may have stolen it.
        if code.grant is not None:
            code.grant.revoked = True
        raise Refusal("invalid_grant", "the code was used before")
    code.used = True
    request = code.request
    if request.client_id != client.client_id:
        raise Refusal("invalid_grant", "the code belongs to another client")
    if state.clock.now() >= code.expires_at:
        raise Refusal("invalid_grant", "the code has expired")
    if request.redirect_uri_was_sent and parameters.get("redirect_uri") != request.redirect_uri:
        raise Refusal("invalid_grant", "redirect_uri is not that of the authorization request")
    _check_verifier(code, parameters.get("code_verifier", ""))
    code.grant = state.new_grant(client.client_id, request.scope, nonce=request.nonce)
    return issue(state, code.grant, key_thumbprint=key_thumbprint, refreshable=True)


def _check_verifier(code: Code, verifier: str) -> None:
    challenge = code.request.code_challenge
    if not challenge:
        if verifier:
            # RFC 9700 section 2.1.1: a verifier without a challenge is a downgrade attack.
            raise Refusal("invalid_grant", "there was no code_challenge")
        return
    if code.request.code_challenge_method == "S256":
        verifier = unpadded(hashlib.sha256(verifier.encode()).digest())
    if not hmac.compare_digest(verifier.encode(), challenge.encode()):
        raise Refusal("invalid_grant", "code_verifier does not match")


def _refresh_token(
    state: ServerState, incoming: Incoming, client: Client, key_thumbprint: str
) -> Answer:
    return refresh(
        state,
        incoming.parameters.get("refresh_token", ""),
        client_id=client.client_id,
        asked_scope=incoming.parameters.get("scope", ""),
        key_thumbprint=key_thumbprint,
    )


def _client_credentials(
    state: ServerState, incoming: Incoming, client: Client, key_thumbprint: str
) -> Answer:
    """RFC 6749 section 4.4: no refresh token, the client can always ask again."""
    if client.is_public:
        raise Refusal("unauthorized_client", "a public client has no credentials")
    grant = state.new_grant(
        client.client_id, state.granted_scope(incoming.parameters.get("scope", ""))
    )
    return issue(state, grant, key_thumbprint=key_thumbprint)


def _password(
    state: ServerState, incoming: Incoming, client: Client, key_thumbprint: str
) -> Answer:
    """RFC 6749 section 4.3."""
    parameters = incoming.parameters
    given = (parameters.get("username"), parameters.get("password"))
    if given != (DEMO_USERNAME, DEMO_PASSWORD):
        raise Refusal("invalid_grant", "wrong user name or password")
    grant = state.new_grant(client.client_id, state.granted_scope(parameters.get("scope", "")))
    return issue(state, grant, key_thumbprint=key_thumbprint, refreshable=True)


def _device_code(
    state: ServerState, incoming: Incoming, client: Client, key_thumbprint: str
) -> Answer:
    value = incoming.parameters.get("device_code", "")
    grant = exchange_device_code(state, value, client.client_id)
    return issue(state, grant, key_thumbprint=key_thumbprint, refreshable=True)


def _client_of_assertion(state: ServerState, incoming: Incoming) -> Client:
    """The client whose key signed the assertion; authenticating besides is optional."""
    issuer = str(unverified_claims(incoming.parameters.get("assertion", "")).get("iss", ""))
    client = state.clients.get(issuer)
    if client is None or not client.jwks:
        raise Refusal("invalid_grant", "iss is not a client with a registered key")
    return client


def _jwt_bearer(
    state: ServerState, incoming: Incoming, client: Client, key_thumbprint: str
) -> Answer:
    """RFC 7523 section 2.1; the scope is a parameter, or a claim as Google has it."""
    parameters = incoming.parameters
    claims = read_signed(
        parameters["assertion"], client_keys(client), ASYMMETRIC, error="invalid_grant"
    ).claims
    check_assertion_claims(
        claims,
        audiences=(state.issuer, state.token_uri),
        now=state.clock.now(),
        error="invalid_grant",
    )
    scope = parameters.get("scope") or str(claims.get("scope", ""))
    grant = state.new_grant(client.client_id, state.granted_scope(scope))
    grant.subject = str(claims.get("sub") or client.client_id)
    return issue(state, grant, key_thumbprint=key_thumbprint)


def _token_exchange(
    state: ServerState, incoming: Incoming, client: Client, key_thumbprint: str
) -> Answer:
    """RFC 8693 section 2: an access token of ours for one with the same or less scope."""
    parameters = incoming.parameters
    if parameters.get("subject_token_type") != ACCESS_TOKEN_TYPE:
        raise Refusal("invalid_request", "subject_token_type must be an access token")
    subject = state.access_tokens.get(parameters.get("subject_token", ""))
    if subject is None or not subject.is_active(state.clock.now()):
        raise Refusal("invalid_request", "subject_token is not valid")
    scope = state.granted_scope(parameters.get("scope", "")) or subject.scope
    if not set(scope) <= set(subject.scope):
        raise Refusal("invalid_scope", "wider than the subject token")
    grant = state.new_grant(client.client_id, scope)
    grant.subject = subject.grant.subject
    extra = {"issued_token_type": ACCESS_TOKEN_TYPE}
    return issue(state, grant, key_thumbprint=key_thumbprint, extra=extra)


GRANT_TYPES: Final[dict[str, Callable[[ServerState, Incoming, Client, str], Answer]]] = {
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
    "client_credentials": _client_credentials,
    "password": _password,
    DEVICE_CODE: _device_code,
    JWT_BEARER: _jwt_bearer,
    TOKEN_EXCHANGE: _token_exchange,
}
