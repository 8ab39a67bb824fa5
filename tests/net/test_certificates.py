"""Client certificates as files and texts."""

from __future__ import annotations

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509 import load_pem_x509_certificates
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.net.certificates import (
    certificate_from_pem,
    certificate_from_pkcs12,
    checked_authorities,
)
from grantline.net.tls import client_context
from grantline.secret import Secret

AUTHORITY = trustme.CA()
ISSUED = AUTHORITY.issue_cert("client.example")
CHAIN = b"".join(each.bytes() for each in ISSUED.cert_chain_pems)
KEY = ISSUED.private_key_pem.bytes()
PASSWORD = Secret("p\u00e4ss")


def encrypted_key() -> bytes:
    key = load_pem_private_key(KEY, None)
    sealed = BestAvailableEncryption(PASSWORD.reveal().encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed)


def bundle(password: Secret | None, *, with_key: bool = True) -> bytes:
    sealing = BestAvailableEncryption(password.reveal().encode()) if password else NoEncryption()
    key = load_pem_private_key(KEY, None) if with_key else None
    own, *rest = load_pem_x509_certificates(CHAIN + AUTHORITY.cert_pem.bytes())
    return serialize_key_and_certificates(b"ours", key, own, rest, sealing)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "password"), [(KEY, None), (KEY, Secret("")), (encrypted_key(), PASSWORD)]
)
def test_pem_texts_become_a_certificate(key: bytes, password: Secret | None) -> None:
    found = certificate_from_pem(CHAIN.decode(), Secret(key.decode()), password, field="x")
    assert found.certificate_pem == CHAIN.decode()
    assert "ENCRYPTED" not in found.private_key_pem.reveal()
    client_context(certificate=found)


@pytest.mark.parametrize("password", [None, PASSWORD])
def test_a_pkcs12_file_becomes_a_certificate_with_its_chain(password: Secret | None) -> None:
    found = certificate_from_pkcs12(bundle(password), password, field="x")
    assert found.certificate_pem == (CHAIN + AUTHORITY.cert_pem.bytes()).decode()
    client_context(certificate=found)


@pytest.mark.parametrize(
    ("certificate", "key", "password"),
    [
        ("nothing", KEY, None),
        (CHAIN.decode(), b"nothing", None),
        (CHAIN.decode(), encrypted_key(), None),
        (CHAIN.decode(), encrypted_key(), Secret("wrong")),
        (CHAIN.decode(), KEY, PASSWORD),
        (CHAIN.decode(), AUTHORITY.issue_cert("b.example").private_key_pem.bytes(), None),
    ],
    ids=["no certificate", "no key", "no password", "wrong password", "too much", "other key"],
)
def test_texts_that_do_not_fit_are_refused(
    certificate: str, key: bytes, password: Secret | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        certificate_from_pem(certificate, Secret(key.decode()), password, field="Certificate")
    assert caught.value.field == "Certificate"


@pytest.mark.parametrize(
    ("data", "password"),
    [
        (b"nothing", None),
        (bundle(PASSWORD), None),
        (bundle(PASSWORD), Secret("wrong")),
        (bundle(None, with_key=False), None),
    ],
    ids=["no file", "no password", "wrong password", "no key"],
)
def test_a_file_that_does_not_open_is_refused(data: bytes, password: Secret | None) -> None:
    with pytest.raises(InvalidInput):
        certificate_from_pkcs12(data, password, field="Certificate")


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fall_over(data: bytes) -> None:
    for read in (
        lambda: certificate_from_pkcs12(data, field="x"),
        lambda: checked_authorities(data.decode("latin-1"), field="x"),
        lambda: certificate_from_pem(data.decode("latin-1"), Secret(KEY.decode()), field="x"),
    ):
        with pytest.raises(InvalidInput):
            read()


def test_of_authorities_only_the_certificates_stay() -> None:
    pem = AUTHORITY.cert_pem.bytes().decode()
    assert checked_authorities(f"Our authority:\n{pem}\nthe end", field="x") == pem
