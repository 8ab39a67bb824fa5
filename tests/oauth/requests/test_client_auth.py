import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from grantline.errors import InvalidInput
from grantline.messages import ClientCertificate
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.jwt import new_ec_key
from grantline.oauth.moment import Moment
from grantline.oauth.requests.client_auth import basic_credentials, client_proof
from grantline.secret import Secret

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MOMENT = Moment(now=NOW, seed=b"0" * 32)
ENDPOINT = "https://as.example/token"
SETTINGS = AppSettings(client_id="app", token_uri=ENDPOINT)
SECRETS = ClientSecrets(client_secret=Secret("a secret of some length"))
CERTIFICATE = ClientCertificate("-----BEGIN", Secret("key"))
EC_KEY = new_ec_key(b"1" * 40)
Method = ClientAuthentication


def prove(
    method: Method, settings: AppSettings = SETTINGS, secrets: ClientSecrets = SECRETS
) -> Any:
    return client_proof(
        method=method,
        settings=settings,
        secrets=secrets,
        endpoint=ENDPOINT,
        moment=MOMENT,
        headers=settings.custom_headers,
    )


def claims_of(proof: Any, key: Any, algorithm: str) -> dict[str, Any]:
    token = jwt.decode(dict(proof.parameters)["client_assertion"], key, algorithms=[algorithm])
    return token.claims


def test_post_puts_both_into_the_body() -> None:
    proof = prove(Method.CLIENT_SECRET_POST)
    assert proof.parameters == (("client_id", "app"), ("client_secret", "a secret of some length"))
    assert proof.headers == ()


@pytest.mark.parametrize("secret", [None, Secret("")])
def test_an_empty_secret_is_left_out_of_the_body(secret: Secret | None) -> None:
    """RFC 6749 section 2.3.1."""
    proof = prove(Method.CLIENT_SECRET_POST, secrets=ClientSecrets(client_secret=secret))
    assert proof.parameters == (("client_id", "app"),)


def test_basic_puts_nothing_into_the_body() -> None:
    proof = prove(Method.CLIENT_SECRET_BASIC)
    assert proof.parameters == ()
    assert [name for name, _ in proof.headers] == ["Authorization"]


def test_the_example_of_rfc_6749_section_2_3_1_comes_out() -> None:
    secret = Secret("7Fjfp0ZBr1KtDRbnfVdmIw")
    expected = "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
    assert basic_credentials("s6BhdRkqt3", secret) == expected
    assert basic_credentials("s6BhdRkqt3", secret, raw=True) == expected


@given(client_id=st.text(min_size=1), secret=st.text(min_size=1))
def test_basic_carries_any_unicode(client_id: str, secret: str) -> None:
    value = basic_credentials(client_id, Secret(secret))
    decoded = base64.b64decode(value.removeprefix("Basic ")).decode()
    assert decoded.isascii()
    assert tuple(map(unquote_plus, decoded.split(":"))) == (client_id, secret)


@given(secret=st.text())
def test_raw_basic_carries_the_secret_unencoded(secret: str) -> None:
    value = basic_credentials("app", Secret(secret), raw=True)
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == f"app:{secret}"


def test_raw_basic_cannot_carry_a_colon_in_the_id() -> None:
    with pytest.raises(InvalidInput) as caught:
        basic_credentials("a:b", Secret("x"), raw=True)
    assert caught.value.field == "Client ID"


@pytest.mark.parametrize("method", [Method.NONE, Method.TLS_CLIENT_AUTH])
def test_methods_without_a_secret_still_name_the_client(method: Method) -> None:
    proof = prove(method, secrets=replace(SECRETS, certificate=CERTIFICATE))
    assert proof.parameters == (("client_id", "app"),)
    assert proof.certificate is CERTIFICATE


@pytest.mark.parametrize(
    ("issuer", "audience", "expected"),
    [
        ("", "", ENDPOINT),
        ("https://as.example", "", "https://as.example"),
        ("https://as.example", "https://set.by/hand", "https://set.by/hand"),
    ],
)
def test_private_key_jwt_is_for_the_issuer_alone(issuer: str, audience: str, expected: str) -> None:
    """RFC 7523 section 3; the audience is one string."""
    rules = AssertionSettings(
        algorithm="ES256", key_id="k1", audience=audience, lifetime=timedelta(hours=1)
    )
    settings = replace(SETTINGS, issuer=issuer, assertion=rules)
    proof = prove(Method.PRIVATE_KEY_JWT, settings, ClientSecrets(private_key=EC_KEY))
    key = ECKey.import_key(json.loads(EC_KEY.reveal()))
    claims = claims_of(proof, key, "ES256")
    issued = int(NOW.timestamp())
    assert claims == {
        "iss": "app",
        "sub": "app",
        "aud": expected,
        "iat": issued,
        "exp": issued + 300,
        "jti": MOMENT.identifier("client_assertion"),
    }
    assert "client_secret" not in dict(proof.parameters)


def test_client_secret_jwt_signs_with_the_secret() -> None:
    proof = prove(Method.CLIENT_SECRET_JWT)
    key = OctKey.import_key("a secret of some length")
    assert claims_of(proof, key, "HS256")["aud"] == ENDPOINT


def pem(key: Any) -> Secret:
    encoded = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Secret(encoded.decode())


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_rsa_keys_sign(algorithm: str) -> None:
    key = pem(rsa.generate_private_key(65537, 2048))
    settings = replace(SETTINGS, assertion=AssertionSettings(algorithm=algorithm))
    assert prove(Method.PRIVATE_KEY_JWT, settings, ClientSecrets(private_key=key)).parameters


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
def test_edwards_keys_sign(algorithm: str) -> None:
    key = pem(ed25519.Ed25519PrivateKey.generate())
    settings = replace(SETTINGS, assertion=AssertionSettings(algorithm=algorithm))
    assert prove(Method.PRIVATE_KEY_JWT, settings, ClientSecrets(private_key=key)).parameters


@pytest.mark.parametrize(
    ("algorithm", "key", "told"),
    [
        ("RS256", Secret("not a key"), "cannot be read"),
        ("RS256", Secret("{}"), "cannot be read"),
        ("RS256", EC_KEY, "cannot be read"),
        ("RS256", pem(rsa.generate_private_key(65537, 1024)), "1024 bits"),
        ("ES256", pem(ec.generate_private_key(ec.SECP384R1())), "does not fit"),
        ("ES256", Secret(json.dumps(json.loads(EC_KEY.reveal()) | {"d": ""})), "cannot be read"),
        ("none", EC_KEY, "not a signature algorithm"),
        ("HS256", EC_KEY, "shared secret"),
        ("RS256", Secret('{"a":' + "[" * 9999), "cannot be read"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_without_showing_it(
    algorithm: str, key: Secret, told: str
) -> None:
    settings = replace(SETTINGS, assertion=AssertionSettings(algorithm=algorithm))
    with pytest.raises(InvalidInput, match=told) as caught:
        prove(Method.PRIVATE_KEY_JWT, settings, ClientSecrets(private_key=key))
    assert key.reveal() not in f"{caught.value} {caught.value.detail}"


def test_a_public_key_does_not_sign() -> None:
    public = {k: v for k, v in json.loads(EC_KEY.reveal()).items() if k != "d"}
    settings = replace(SETTINGS, assertion=AssertionSettings(algorithm="ES256"))
    with pytest.raises(InvalidInput, match="public key"):
        prove(
            Method.PRIVATE_KEY_JWT,
            settings,
            ClientSecrets(private_key=Secret(json.dumps(public))),
        )


@pytest.mark.parametrize(
    ("method", "field"),
    [
        (Method.CLIENT_SECRET_BASIC, "Client secret"),
        (Method.CLIENT_SECRET_BASIC_RAW, "Client secret"),
        (Method.CLIENT_SECRET_JWT, "Client secret"),
        (Method.PRIVATE_KEY_JWT, "Private key"),
        (Method.TLS_CLIENT_AUTH, "Client certificate"),
    ],
)
def test_what_a_method_lacks_is_named(method: Method, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        prove(method, secrets=ClientSecrets())
    assert caught.value.field == field


@pytest.mark.parametrize("method", list(Method))
def test_no_request_proves_the_client_twice(method: Method) -> None:
    """RFC 6749 section 2.3."""
    settings = replace(SETTINGS, assertion=AssertionSettings(algorithm="ES256"))
    secrets = replace(SECRETS, private_key=EC_KEY, certificate=CERTIFICATE)
    proof = prove(method, settings, secrets)
    sent = {name for name, _ in proof.parameters} & {"client_secret", "client_assertion"}
    assert len(sent) + len(proof.headers) <= 1


def test_a_handmade_basic_header_keeps_the_secret_out_of_the_body() -> None:
    settings = replace(SETTINGS, custom_headers=(("authorization", "basic eDp5"),))
    assert prove(Method.CLIENT_SECRET_POST, settings).parameters == (("client_id", "app"),)


def test_a_short_secret_does_not_sign() -> None:
    with pytest.raises(InvalidInput, match="too short"):
        prove(Method.CLIENT_SECRET_JWT, secrets=ClientSecrets(client_secret=Secret("short")))


def test_another_handmade_scheme_is_no_client_authentication() -> None:
    settings = replace(SETTINGS, custom_headers=(("Authorization", "ApiKey 1"),))
    assert "client_secret" in dict(prove(Method.CLIENT_SECRET_POST, settings).parameters)


def test_a_handmade_header_beside_basic_is_refused() -> None:
    settings = replace(SETTINGS, custom_headers=(("Authorization", "Basic eDp5"),))
    with pytest.raises(InvalidInput) as caught:
        prove(Method.CLIENT_SECRET_BASIC, settings)
    assert caught.value.field == "Custom headers"


def test_a_client_without_an_id_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        prove(Method.NONE, replace(SETTINGS, client_id=""))
    assert caught.value.field == "Client ID"
