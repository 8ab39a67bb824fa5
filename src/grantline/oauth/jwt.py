"""Signed JSON Web Tokens (RFC 7515, 7519): the one door to the JOSE library.

Keys come as people have them: a PEM file or a JWK. An algorithm is used only when it is listed
here and fits the key, so no ``alg`` of another party ever picks how a key is used (RFC 8725
section 3.1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from grantline.errors import InvalidInput, InvalidResponse
from grantline.oauth.moment import base64url
from grantline.secret import Secret

Claims = Mapping[str, Any]

ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    | {"ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
SYMMETRIC: Final = frozenset({"HS256", "HS384", "HS512"})
_SUPPORTED: Final = ASYMMETRIC | SYMMETRIC

MIN_RSA_BITS: Final = 2048  # RFC 7518 section 3.3
MIN_SECRET_BYTES: Final = 14  # 112 bits, the least that NIST SP 800-131A allows for HMAC

# What the library, the JSON parser and the key loader raise at what others wrote.
_UNREADABLE: Final = (JoseError, ValueError, TypeError, KeyError, RecursionError)

_PUBLIC_MEMBERS: Final = {"RSA": ("e", "n"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class _RsaKey(RSAKey):
    """An RSA key read without the library's warning about short ones: those are refused here."""

    @classmethod
    def import_key(
        cls, value: Any, parameters: Any = None, password: str | bytes | None = None
    ) -> Self:
        return super(RSAKey, cls).import_key(value, parameters, password)

    @property
    def is_weak(self) -> bool:
        return self.raw_value.key_size < MIN_RSA_BITS


class _Registry(jws.JWSRegistry):
    """Our algorithms, without the library's warnings: EdDSA is what RFC 8037 servers call it."""

    max_header_length = 8192  # servers put certificate chains into x5c
    max_payload_length = 262_144

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_FAMILIES: Final[Mapping[str, type[Key]]] = {
    "RS": _RsaKey,
    "PS": _RsaKey,
    "ES": ECKey,
    "Ed": OKPKey,
    "HS": OctKey,
}


def sign_jwt(
    claims: Claims, *, key: Secret, algorithm: str, header: Claims | None = None, field: str
) -> str:
    """A compact JWS of ``claims`` signed with ``key``: a PEM, a JWK or, for HS256, a secret.

    Args:
        claims: The payload; instants already in wire seconds.
        key: The private key or shared secret.
        algorithm: JWS ``alg``.
        header: More of the protected header: ``kid``, ``typ``, ``jwk``.
        field: The form's label of the key, for errors.

    Raises:
        InvalidInput: The key cannot be read, is too weak, or does not fit the algorithm.
    """
    loaded = load_signing_key(key, algorithm=algorithm, field=field)
    try:
        return jwt.encode(
            {"alg": algorithm, **(header or {})},
            dict(claims),
            loaded,
            registry=_Registry(algorithms=[algorithm], strict_check_header=False),
        )
    except (JoseError, ValueError, TypeError) as error:
        raise InvalidInput(
            f"The key does not fit the algorithm {algorithm}.",
            field=field,
            detail=type(error).__name__,
        ) from None


def load_signing_key(key: Secret, *, algorithm: str, field: str) -> Key:
    """The usable key in ``key``, checked for ``algorithm``.

    Raises:
        InvalidInput: Names ``field`` and what is wrong with the key, never a part of it.
    """
    family = _FAMILIES.get(algorithm[:2]) if algorithm in _SUPPORTED else None
    if family is None:
        raise InvalidInput(
            f"“{algorithm}” is not a signature algorithm Grantline uses.",
            field="Algorithm",
            hint=f"Use one of {', '.join(sorted(_SUPPORTED))}.",
        )
    if family is OctKey:
        return _shared_secret(key, field=field)
    text = key.reveal().strip()
    try:
        loaded = family.import_key(json.loads(text) if text.startswith("{") else text)
    except _UNREADABLE as error:
        raise InvalidInput(
            f"The private key cannot be read as a key for {algorithm}.",
            field=field,
            hint="Paste the whole PEM (with its BEGIN and END lines) or a private JWK, "
            "without a passphrase.",
            detail=type(error).__name__,
        ) from None
    if not loaded.is_private:
        raise InvalidInput("This is a public key; signing needs the private one.", field=field)
    if isinstance(loaded, _RsaKey) and loaded.is_weak:
        raise InvalidInput(
            f"The RSA key has {loaded.raw_value.key_size} bits; {MIN_RSA_BITS} are the least.",
            field=field,
            hint="Create a new key pair.",
        )
    return loaded


def public_jwk(key: Secret, *, algorithm: str, field: str) -> dict[str, str]:
    """The public half of ``key`` with the members RFC 7638 section 3.2 requires, and no other."""
    members = load_signing_key(key, algorithm=algorithm, field=field).as_dict(private=False)
    kind = str(members["kty"])
    return {"kty": kind, **{name: str(members[name]) for name in _PUBLIC_MEMBERS[kind]}}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The SHA-256 thumbprint of a public JWK (RFC 7638), which names a key everywhere alike."""
    required = {name: jwk[name] for name in ("kty", *_PUBLIC_MEMBERS[jwk["kty"]])}
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":"))
    return base64url(hashlib.sha256(canonical.encode()).digest())


def new_ec_key(entropy: bytes) -> Secret:
    """A private P-256 JWK made of at least 40 random bytes (FIPS 186-5 appendix A.2.1)."""
    if len(entropy) < 40:
        msg = "a P-256 key needs at least 40 random bytes"
        raise ValueError(msg)
    scalar = int.from_bytes(entropy) % (_P256_ORDER - 1) + 1
    key = ECKey.import_key(ec.derive_private_key(scalar, ec.SECP256R1()))
    return Secret(json.dumps(key.as_dict(private=True)))


def verify_jwt(
    token: str, *, jwks: Claims, algorithms: Collection[str], secret: Secret | None = None
) -> tuple[str, dict[str, Any]]:
    """The algorithm and claims of ``token``, whose signature holds; the claims are not judged.

    A ``kid`` selects the key. Without one, every key of the right type is tried, because servers
    that rotate often publish two and name neither (OpenID Connect Core section 10.1).

    Args:
        token: A compact JWS.
        jwks: The server's JWK set, already parsed.
        algorithms: Accepted ``alg`` values, from the server's metadata or our own settings.
        secret: The client secret, for HS256 and its kin.

    Raises:
        InvalidResponse: Malformed, an algorithm that is not accepted, or no key that verifies.
    """
    header = _unverified_header(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in {*algorithms} & _SUPPORTED:
        raise _rejected("alg", "is signed with an algorithm that is not accepted")
    registry = _Registry(algorithms=[algorithm], strict_check_header=False)
    for key in _candidate_keys(jwks, header, algorithm, secret):
        try:
            return algorithm, jwt.decode(token, key, registry=registry).claims
        except _UNREADABLE:
            continue
    raise _rejected("signature", "has a signature that none of the issuer's keys made")


def numeric_date(instant: datetime) -> int:
    """``instant`` as the whole seconds a JWT carries (RFC 7519 section 2)."""
    return int(instant.timestamp())


def _shared_secret(key: Secret, *, field: str) -> OctKey:
    raw = key.reveal().encode()
    if len(raw) < MIN_SECRET_BYTES:
        raise InvalidInput(
            f"The secret is too short to sign with: {MIN_SECRET_BYTES} bytes are the least.",
            field=field,
        )
    return OctKey.import_key({"kty": "oct", "k": base64url(raw)})


def _unverified_header(token: str) -> dict[str, Any]:
    try:
        return dict(jws.extract_compact(token.encode("ascii")).headers())
    except _UNREADABLE:
        raise _rejected("format", "is not a signed JWT") from None


def _candidate_keys(
    jwks: Claims, header: Claims, algorithm: str, secret: Secret | None
) -> list[Key]:
    if algorithm in SYMMETRIC:
        return [_shared_secret(secret, field="Client secret")] if secret else []
    family = _FAMILIES[algorithm[:2]]
    listed = jwks.get("keys")
    found: list[Key] = []
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, dict) or entry.get("kty") != family.key_type:
            continue
        if "kid" in header and "kid" in entry and entry["kid"] != header["kid"]:
            continue
        if entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
            continue
        try:
            key = family.import_key(entry)
        except _UNREADABLE:
            continue  # one bad key in a set must not hide the good ones
        if not (isinstance(key, _RsaKey) and key.is_weak):
            found.append(key)
    return found


def _rejected(check: str, what: str) -> InvalidResponse:
    return InvalidResponse(
        f"The ID token {what}.", check=f"id_token_{check}", rule="OpenID Connect Core 3.1.3.7"
    )
