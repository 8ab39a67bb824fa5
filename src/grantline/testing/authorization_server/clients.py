"""Who is asking: client authentication (RFC 6749 section 2.3, RFC 7523)."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

from joserfc.jwk import Key, KeySet

from grantline.testing.authorization_server.exchange import Incoming, Refusal
from grantline.testing.authorization_server.jose import (
    ASYMMETRIC,
    SYMMETRIC,
    check_assertion_claims,
    read_signed,
    secret_key,
)
from grantline.testing.authorization_server.state import Client, ServerState

JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Presented:
    """One proof of identity found in a request, as it stands there and unchecked."""

    method: str
    client_id: str


def presented(incoming: Incoming) -> tuple[Presented, ...]:
    """Every client authentication in ``incoming``: more than one is an error of the client."""
    found = []
    parameters = incoming.parameters
    if (basic := incoming.basic_credentials) is not None:
        found.append(Presented("client_secret_basic", basic[0]))
    if "client_secret" in parameters:
        found.append(Presented("client_secret_post", parameters.get("client_id", "")))
    if "client_assertion" in parameters:
        claimed = unverified_claims(parameters["client_assertion"]).get("sub", "")
        found.append(Presented("client_assertion", str(claimed)))
    return tuple(found)


def authenticate(state: ServerState, incoming: Incoming) -> Client:
    """The client that sent ``incoming``, by the one method it used."""
    proofs = presented(incoming)
    if len(proofs) > 1:
        raise _invalid_client("more than one client authentication method")
    if not proofs:
        return _public_client(state, incoming)
    if proofs[0].method == "client_secret_basic":
        return _by_basic(state, incoming)
    if proofs[0].method == "client_secret_post":
        return _by_post(state, incoming)
    return _by_assertion(state, incoming)


def _public_client(state: ServerState, incoming: Incoming) -> Client:
    client = state.clients.get(incoming.parameters.get("client_id", ""))
    if client is None:
        raise _invalid_client("no such client")
    if client.client_secret and "none" not in client.authentication:
        raise _invalid_client("this client must authenticate")
    return client


def _by_basic(state: ServerState, incoming: Incoming) -> Client:
    user, password = incoming.basic_credentials or ("", "")
    client = state.clients.get(user)
    if client is not None and "client_secret_basic_raw" in client.authentication:
        return _checked(client, "client_secret_basic_raw", password)
    return _checked(
        state.clients.get(unquote_plus(user)), "client_secret_basic", unquote_plus(password)
    )


def _by_post(state: ServerState, incoming: Incoming) -> Client:
    parameters = incoming.parameters
    client = state.clients.get(parameters.get("client_id", ""))
    return _checked(client, "client_secret_post", parameters["client_secret"])


def _by_assertion(state: ServerState, incoming: Incoming) -> Client:
    parameters = incoming.parameters
    if parameters.get("client_assertion_type") != JWT_BEARER:
        raise _invalid_client("client_assertion_type is not the JWT bearer type")
    assertion = parameters["client_assertion"]
    client = state.clients.get(str(unverified_claims(assertion).get("sub", "")))
    if client is None:
        raise _invalid_client("no such client")
    key, algorithms, method = _assertion_key(client, assertion)
    _require_method(client, method)
    claims = read_signed(assertion, key, algorithms, error="invalid_client").claims
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        raise _invalid_client("iss and sub must both be the client_id")
    check_assertion_claims(
        claims,
        audiences=(state.issuer, state.token_uri),
        now=state.clock.now(),
        error="invalid_client",
    )
    if not state.use_jti_once(client.client_id, str(claims.get("jti", ""))):
        raise _invalid_client("jti is missing or was used before")
    return client


def _assertion_key(client: Client, assertion: str) -> tuple[Key | KeySet, tuple[str, ...], str]:
    if str(unverified_header(assertion).get("alg", "")) in SYMMETRIC:
        # Without a secret anybody could sign with the empty key.
        if not client.client_secret:
            raise _invalid_client("this client has no secret")
        return secret_key(client.client_secret), SYMMETRIC, "client_secret_jwt"
    return client_keys(client), ASYMMETRIC, "private_key_jwt"


def client_keys(client: Client) -> KeySet:
    """The registered public keys of ``client``."""
    if not client.jwks:
        raise _invalid_client("no key of this client is registered")
    return KeySet.import_key_set({"keys": list(client.jwks)})


def _checked(client: Client | None, method: str, secret: str) -> Client:
    if client is None:
        raise _invalid_client("no such client")
    _require_method(client, method)
    right = client.client_secret.encode()
    if not right or not hmac.compare_digest(right, secret.encode()):
        raise _invalid_client("wrong client secret")
    return client


def _require_method(client: Client, method: str) -> None:
    if method not in client.authentication:
        raise _invalid_client(f"this client may not use {method}")


def _invalid_client(description: str) -> Refusal:
    challenge = ("WWW-Authenticate", 'Basic realm="fake authorization server"')
    return Refusal("invalid_client", description, status=401, headers=(challenge,))


def unverified_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, nothing checked: only to find out whose it says it is."""
    return _json_part(token, 1)


def unverified_header(token: str) -> dict[str, Any]:
    """The header of a JWT, nothing checked."""
    return _json_part(token, 0)


def _json_part(token: str, index: int) -> dict[str, Any]:
    try:
        part = token.split(".")[index]
        value = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError):
        return {}
    return value if isinstance(value, dict) else {}
