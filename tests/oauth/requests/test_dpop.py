import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.jwt import new_ec_key, thumbprint
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop, asks_for_nonce, dpop_proof
from grantline.secret import Secret

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MOMENT = Moment(now=NOW, seed=b"0" * 32)
KEY = new_ec_key(b"1" * 40)
DPOP = Dpop(key=KEY)
POST = HttpRequest("POST", "https://server.example.com/token")

# RFC 9449 section 4.2 (figure 2) and the token of section 7.1 (figure 12)
RFC_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
}
RFC_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
RFC_ATH = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def read(proof: str) -> tuple[dict[str, Any], dict[str, Any]]:
    key = ECKey.import_key(json.loads(KEY.reveal()))
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    token = jwt.decode(proof, key, registry=registry)
    return token.header, token.claims


def test_a_proof_names_the_request_and_shows_the_public_key_only() -> None:
    """RFC 9449 section 4.2."""
    url = "https://Server.example.com:443/token?x=1#y"
    header, claims = read(dpop_proof(DPOP, method="POST", url=url, moment=MOMENT))
    assert (header["typ"], header["alg"]) == ("dpop+jwt", "ES256")
    assert set(header["jwk"]) == {"kty", "crv", "x", "y"}
    assert claims == {
        "jti": MOMENT.identifier("dpop"),
        "htm": "POST",
        "htu": "https://server.example.com/token",
        "iat": int(NOW.timestamp()),
    }


def test_a_proof_beside_a_token_carries_its_hash() -> None:
    """RFC 9449 section 7.1."""
    proof = dpop_proof(
        DPOP,
        method="GET",
        url="https://resource.example.org/protectedresource",
        moment=MOMENT,
        access_token=Secret(RFC_TOKEN),
    )
    assert read(proof)[1]["ath"] == RFC_ATH


def test_the_thumbprint_of_rfc_9449_section_6_1_comes_out() -> None:
    assert thumbprint(RFC_JWK) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_the_keys_thumbprint_binds_the_code() -> None:
    """RFC 9449 section 10."""
    public = read(dpop_proof(DPOP, method="GET", url="https://a.example/", moment=MOMENT))[0]
    assert DPOP.thumbprint() == thumbprint(public["jwk"])


def test_a_nonce_is_used_at_the_server_that_gave_it_and_nowhere_else() -> None:
    answer = HttpResponse(400, (("dpop-nonce", "n-1"),))
    learned = DPOP.learned(answer, request=POST)
    here = dpop_proof(learned, method="POST", url="https://server.example.com/x", moment=MOMENT)
    there = dpop_proof(learned, method="POST", url="https://other.example/x", moment=MOMENT)
    assert read(here)[1]["nonce"] == "n-1"
    assert "nonce" not in read(there)[1]
    newer = learned.learned(replace(answer, headers=(("dpop-nonce", "n-2"),)), request=POST)
    assert newer.nonces == (("https://server.example.com", "n-2"),)


@pytest.mark.parametrize("nonce", ["", "a b", 'a"b', "x" * 513])
def test_a_nonce_that_breaks_section_8_1_is_not_learned(nonce: str) -> None:
    assert DPOP.learned(HttpResponse(400, (("dpop-nonce", nonce),)), request=POST) == DPOP


NONCE = (("dpop-nonce", "n"),)
BODY = b'{"error": "use_dpop_nonce"}'


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (HttpResponse(400, NONCE, BODY), True),
        (HttpResponse(401, NONCE, BODY), True),
        (HttpResponse(401, (*NONCE, ("www-authenticate", 'DPOP error="use_dpop_nonce"'))), True),
        (
            HttpResponse(401, (*NONCE, ("www-authenticate", 'Basic, DPoP error="use_dpop_nonce"'))),
            True,
        ),
        (HttpResponse(400, (), BODY), False),
        (HttpResponse(400, NONCE, b'{"error": "invalid_grant"}'), False),
        (HttpResponse(200, NONCE, BODY), False),
        (HttpResponse(401, (*NONCE, ("www-authenticate", 'DPoP error="invalid_token"'))), False),
        (HttpResponse(401, (("www-authenticate", 'DPoP error="use_dpop_nonce"'),)), False),
    ],
)
def test_only_a_server_that_gives_a_nonce_is_asked_again(
    response: HttpResponse, *, expected: bool
) -> None:
    """RFC 9449 sections 8 and 9."""
    assert asks_for_nonce(response) is expected
