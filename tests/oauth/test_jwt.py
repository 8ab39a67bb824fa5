import json

import pytest

from grantline.oauth.jwt import new_ec_key, public_jwk, thumbprint

# RFC 7638 section 3.1
RSA_JWK = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
        "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
        "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
        "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    ),
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}


def test_the_thumbprint_of_rfc_7638_section_3_1_comes_out() -> None:
    assert thumbprint(RSA_JWK) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_a_key_made_of_randomness_is_a_private_one_with_a_public_half() -> None:
    key = new_ec_key(b"1" * 40)
    assert json.loads(key.reveal())["d"]
    public = public_jwk(key, algorithm="ES256", field="DPoP key")
    assert set(public) == {"kty", "crv", "x", "y"}
    assert new_ec_key(b"1" * 40) == key
    assert new_ec_key(b"2" * 40) != key


def test_a_key_needs_enough_randomness() -> None:
    with pytest.raises(ValueError, match="40 random bytes"):
        new_ec_key(b"1" * 39)
