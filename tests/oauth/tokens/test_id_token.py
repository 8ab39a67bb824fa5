import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from grantline.errors import InvalidResponse
from grantline.oauth.tokens.id_token import Identity, IdTokenRules, validate_id_token
from grantline.secret import Secret

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
KEY = RSAKey.generate_key(2048, parameters={"kid": "k1"})
OTHER = RSAKey.generate_key(2048, parameters={"kid": "k2"})
WEAK = {
    "kty": "RSA",
    "kid": "k1",
    "n": base64.urlsafe_b64encode(b"\x99" * 128).decode(),
    "e": "AQAB",
}
CLAIMS: dict[str, Any] = {
    "iss": "https://as.example",
    "sub": "248289761001",
    "aud": "app",
    "exp": EPOCH + 300,
    "iat": EPOCH,
    "nonce": "n",
}


def public(*keys: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


RULES = IdTokenRules(issuer="https://as.example", client_id="app", jwks=public(KEY))


def sign(claims: dict[str, Any], key: Any = KEY, alg: str = "RS256", **header: str) -> Secret:
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return Secret(jwt.encode({"alg": alg, "kid": "k1", **header}, claims, key, registry=registry))


def validate(token: Secret, rules: IdTokenRules = RULES, **more: Any) -> Identity:
    return validate_id_token(token, rules=rules, now=NOW, nonce="n", **more)


def refused(token: Secret, rules: IdTokenRules = RULES, **more: Any) -> str:
    with pytest.raises(InvalidResponse) as caught:
        validate(token, rules, **more)
    return caught.value.check.removeprefix("id_token_")


def test_a_good_token_names_the_person() -> None:
    identity = validate(sign(CLAIMS))
    assert (identity.issuer, identity.subject) == ("https://as.example", "248289761001")
    assert identity.claims["nonce"] == "n"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"iss": "https://as.example/"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": ["app", "other"]}, "azp"),
        ({"aud": ["app", "other"], "azp": "other"}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"exp": EPOCH - 60}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"iat": EPOCH + 61}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": EPOCH + 61}, "nbf"),
        ({"nonce": "other"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
    ],
)
def test_a_token_that_breaks_a_rule_is_refused_by_its_name(
    changes: dict[str, Any], check: str
) -> None:
    """OpenID Connect Core section 3.1.3.7."""
    assert refused(sign(CLAIMS | changes)) == check


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["app"]},
        {"aud": ["app", "other"], "azp": "app"},
        {"exp": EPOCH - 59},
        {"iat": EPOCH + 60},
        {"exp": EPOCH + 0.5},
    ],
)
def test_what_the_rules_allow_passes(changes: dict[str, Any]) -> None:
    assert validate(sign(CLAIMS | changes)).subject


def test_a_signature_of_another_key_is_refused() -> None:
    assert refused(sign(CLAIMS, OTHER)) == "signature"
    assert refused(sign(CLAIMS, OTHER), replace(RULES, jwks=public(OTHER))) == "signature"


def test_without_a_kid_every_key_is_tried() -> None:
    unnamed = Secret(jwt.encode({"alg": "RS256"}, CLAIMS, KEY))
    assert validate(unnamed, replace(RULES, jwks=public(OTHER, KEY))).subject


@pytest.mark.parametrize(
    "jwks", [{}, {"keys": None}, {"keys": [1, {}, {"kty": "RSA"}]}, {"keys": [WEAK]}]
)
def test_a_key_set_without_a_usable_key_verifies_nothing(jwks: dict[str, Any]) -> None:
    assert refused(sign(CLAIMS), replace(RULES, jwks=jwks)) == "signature"


def test_a_bad_key_does_not_hide_a_good_one() -> None:
    jwks = {"keys": [{"kty": "RSA", "n": "!"}, *public(KEY)["keys"]]}
    assert validate(sign(CLAIMS), replace(RULES, jwks=jwks)).subject


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (KEY, "PS256"),
        (ECKey.generate_key("P-256"), "ES256"),
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
    ],
)
def test_other_algorithms_verify(key: Any, alg: str) -> None:
    assert validate(sign(CLAIMS, key, alg), replace(RULES, jwks=public(key))).subject


def test_an_unsigned_token_is_refused() -> None:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    unsigned = f"{part({'alg': 'none'})}.{part(CLAIMS)}."
    assert refused(Secret(unsigned)) == "alg"
    assert refused(Secret(unsigned), replace(RULES, algorithms=("none",))) == "alg"


@pytest.mark.parametrize("alg", [None, 1, [], {}, ["RS256"]])
def test_an_algorithm_that_is_no_word_is_refused(alg: object) -> None:
    header = base64.urlsafe_b64encode(json.dumps({"alg": alg}).encode()).rstrip(b"=").decode()
    assert refused(Secret(f"{header}.e30.AAAA")) in {"format", "alg"}


def test_deep_nesting_is_refused_like_any_other_nonsense() -> None:
    deep = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 5000).rstrip(b"=").decode()
    assert refused(Secret(f"{deep}.e30.AAAA")) == "format"


def test_a_public_key_is_not_taken_for_a_shared_secret() -> None:
    """RFC 8725 section 2.1."""
    forged = sign(CLAIMS, OctKey.import_key({"kty": "oct", "k": KEY["n"]}), "HS256")
    assert refused(forged) == "alg"
    assert refused(forged, replace(RULES, algorithms=("RS256", "HS256"))) == "signature"


def test_a_shared_secret_verifies_only_where_it_was_agreed() -> None:
    secret = "a client secret of 32 characters"
    token = sign(CLAIMS, OctKey.import_key(secret), "HS256")
    agreed = replace(RULES, algorithms=("HS256",), client_secret=Secret(secret))
    assert validate(token, agreed).subject
    assert refused(token) == "alg"


@pytest.mark.parametrize("text", ["", "a.b.c", "é.é.é", "a" * 9, "..", "e30.e30."])
def test_what_is_no_jwt_is_refused(text: str) -> None:
    assert refused(Secret(text)) in {"format", "alg"}


@given(st.text())
def test_no_text_fails_outside_our_errors(text: str) -> None:
    assert refused(Secret(text)) in {"format", "alg"}


def test_the_access_token_is_the_one_the_id_token_came_with() -> None:
    """OpenID Connect Core section 3.1.3.6."""
    half = hashlib.sha256(b"at").digest()[:16]
    token = sign(CLAIMS | {"at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode()})
    assert validate(token, access_token=Secret("at")).subject
    assert refused(token, access_token=Secret("other")) == "at_hash"


def test_an_expired_token_stays_expired() -> None:
    with pytest.raises(InvalidResponse):
        validate_id_token(sign(CLAIMS), rules=RULES, now=NOW + timedelta(minutes=7), nonce="n")
