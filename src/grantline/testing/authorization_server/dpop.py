"""Proofs of possession, checked as RFC 9449 section 4.3 asks."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from grantline.testing.authorization_server.clients import unverified_header
from grantline.testing.authorization_server.exchange import Incoming, Refusal
from grantline.testing.authorization_server.jose import ASYMMETRIC, read_signed, unpadded
from grantline.testing.authorization_server.options import DpopPolicy
from grantline.testing.authorization_server.state import ServerState

FRESH: Final = timedelta(minutes=5)
_ERROR: Final = "invalid_dpop_proof"


def key_of_token_request(state: ServerState, incoming: Incoming) -> str:
    """The thumbprint that new tokens are bound to; empty when they are plain bearer tokens."""
    policy = state.options.dpop
    if policy is DpopPolicy.IGNORE:
        return ""
    if not incoming.header("DPoP"):
        if policy is DpopPolicy.REQUIRE:
            raise Refusal(_ERROR, "this server requires a DPoP proof")
        return ""
    return check_proof(state, incoming)


def check_proof(state: ServerState, incoming: Incoming, *, access_token: str = "") -> str:
    """The thumbprint (RFC 7638) of the key whose proof ``incoming`` carries."""
    proofs = [value for name, value in incoming.headers if name.lower() == "dpop"]
    if len(proofs) != 1:
        raise Refusal(_ERROR, "exactly one DPoP header is needed")
    key = _proof_key(proofs[0])
    claims = read_signed(proofs[0], key, ASYMMETRIC, error=_ERROR).claims
    _check_claims(state, incoming, claims, access_token)
    thumbprint = key.thumbprint()
    if not state.use_jti_once(f"dpop:{thumbprint}", str(claims.get("jti", ""))):
        raise Refusal(_ERROR, "jti is missing or was used before")
    return thumbprint


def nonce_header(state: ServerState) -> tuple[str, str]:
    """The header that gives the client the nonce of its next proof (RFC 9449 section 8.2)."""
    return "DPoP-Nonce", state.dpop_nonce


def _proof_key(proof: str) -> Key:
    header = unverified_header(proof)
    if header.get("typ") != "dpop+jwt":
        raise Refusal(_ERROR, "typ must be dpop+jwt")
    jwk = header.get("jwk")
    if not isinstance(jwk, dict) or "d" in jwk or jwk.get("kty") == "oct":
        raise Refusal(_ERROR, "jwk must be a public key")
    try:
        return import_key(jwk)
    except (JoseError, ValueError) as problem:
        raise Refusal(_ERROR, "jwk cannot be read") from problem


def _check_claims(
    state: ServerState, incoming: Incoming, claims: dict[str, Any], access_token: str
) -> None:
    if claims.get("htm") != incoming.method:
        raise Refusal(_ERROR, "htm is not the method of this request")
    if claims.get("htu") != incoming.url:
        raise Refusal(_ERROR, "htu is not the URL of this request without query and fragment")
    issued_at = claims.get("iat")
    if not isinstance(issued_at, int | float):
        raise Refusal(_ERROR, "iat is missing")
    if abs(issued_at - incoming.at.timestamp()) > FRESH.total_seconds():
        raise Refusal(_ERROR, "iat is not close to now")
    nonce = claims.get("nonce", "" if state.options.dpop_nonce else state.dpop_nonce)
    if not hmac.compare_digest(str(nonce).encode(), state.dpop_nonce.encode()):
        raise Refusal("use_dpop_nonce", "use the nonce of this answer")
    if access_token:
        wanted = unpadded(hashlib.sha256(access_token.encode()).digest())
        if claims.get("ath") != wanted:
            raise Refusal(_ERROR, "ath is not the hash of the access token")
