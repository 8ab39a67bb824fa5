"""Demonstrating Proof of Possession (RFC 9449): tokens that work only with a key of ours.

A ``Dpop`` value is the key of one connection together with the nonces its servers last gave.
It never changes: ``learned`` gives the next one, for the caller to keep.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any, Final

from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.answers.challenge import parse_challenges
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.jwt import numeric_date, public_jwk, sign_jwt, thumbprint
from grantline.oauth.moment import Moment, base64url
from grantline.secret import Secret
from grantline.url import parse_url

DPOP_KEY: Final = "DPoP key"

_NONCE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,512}")  # NQCHAR of RFC 9449 section 8.1
_NONCE_ERROR: Final = re.compile(rb'"error"\s*:\s*"use_dpop_nonce"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Dpop:
    """The proof-of-possession key of one connection, and what its servers last said.

    Attributes:
        key: A private JWK or PEM, sealed with the connection; ``jwt.new_ec_key`` makes one.
        algorithm: JWS algorithm of the proofs.
        nonces: The last nonce per origin (section 8.2): a server knows only its own.
    """

    key: Secret
    algorithm: str = "ES256"
    nonces: Pairs = ()

    def learned(self, response: HttpResponse, *, request: HttpRequest) -> Dpop:
        """This value with the nonce that ``response`` to ``request`` brings, if any."""
        nonce = response.header("DPoP-Nonce") or ""
        if not _NONCE.fullmatch(nonce):
            return self
        server = parse_url(response.url or request.url).origin
        return replace(self, nonces=tuple({**dict(self.nonces), server: nonce}.items()))

    def thumbprint(self) -> str:
        """The key's thumbprint, for ``dpop_jkt`` (section 10): the code is bound to it as well."""
        return thumbprint(public_jwk(self.key, algorithm=self.algorithm, field=DPOP_KEY))


def dpop_proof(
    dpop: Dpop, *, method: str, url: str, moment: Moment, access_token: Secret | None = None
) -> str:
    """A proof for one request (section 4.2).

    Args:
        dpop: The key and the nonces.
        method: The request's method.
        url: The request's URL; its query and fragment are left out of the proof.
        moment: Gives ``iat`` and ``jti``.
        access_token: The token beside which the proof travels; absent at the token endpoint.
    """
    target = parse_url(url)
    claims: dict[str, Any] = {
        "jti": moment.identifier("dpop"),
        "htm": method,
        "htu": f"{target.origin}{target.path}",
        "iat": numeric_date(moment.now),
    }
    nonce = dict(dpop.nonces).get(target.origin)
    if nonce:
        claims["nonce"] = nonce
    if access_token is not None:
        digest = hashlib.sha256(access_token.reveal().encode("ascii")).digest()
        claims["ath"] = base64url(digest)
    jwk = public_jwk(dpop.key, algorithm=dpop.algorithm, field=DPOP_KEY)
    header = {"typ": "dpop+jwt", "jwk": jwk}
    return sign_jwt(claims, key=dpop.key, algorithm=dpop.algorithm, header=header, field=DPOP_KEY)


def with_proof(request: HttpRequest, *, dpop: Dpop, moment: Moment) -> HttpRequest:
    """``request`` to an OAuth endpoint with a proof beside it (section 5)."""
    proof = dpop_proof(dpop, method=request.method, url=request.url, moment=moment)
    return replace(request, headers=(*request.headers, ("DPoP", proof)))


def asks_for_nonce(response: HttpResponse) -> bool:
    """Whether a server refused only because its nonce was missing or old (sections 8 and 9).

    The token endpoint says so in a 400 body, a resource in its 401 challenge. The answer to both
    is the same request once more, with what ``learned`` gives; never twice.
    """
    if not _NONCE.fullmatch(response.header("DPoP-Nonce") or ""):
        return False
    if response.status == 401:
        return any(
            challenge.scheme == "dpop" and challenge.parameter("error") == "use_dpop_nonce"
            for value in response.header_all("WWW-Authenticate")
            for challenge in parse_challenges(value)
        ) or bool(_NONCE_ERROR.search(response.body))
    return response.status == 400 and bool(_NONCE_ERROR.search(response.body))
