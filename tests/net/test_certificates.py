"""Certificates as people have them: PEM in any order, encrypted keys, PKCS#12."""

from __future__ import annotations

from contextlib import suppress

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.messages import ClientCertificate
from grantline.net.certificates import (
    certificate_from_pem,
    certificate_from_pkcs12,
    checked_authorities,
    facts_of,
)
from grantline.net.tls import client_context
from grantline.secret import Secret

PASSPHRASE = Secret("open sesame")
CA = trustme.CA(organization_name="Private Authority")
ISSUED = CA.create_child_ca().issue_cert("ada@example.com", common_name="ada")
CHAIN = [each.bytes().decode() for each in ISSUED.cert_chain_pems]
KEY_PEM = ISSUED.private_key_pem.bytes().decode()
KEY = load_pem_private_key(KEY_PEM.encode(), password=None)
OTHER = trustme.CA().issue_cert("grace@example.com")


def pfx(*, encrypted: bool = True, with_key: bool = True) -> bytes:
    own, *others = (load_pem_x509_certificate(each.encode()) for each in CHAIN)
    hidden = BestAvailableEncryption(PASSPHRASE.reveal().encode()) if encrypted else NoEncryption()
    key = KEY if with_key else None
    return pkcs12.serialize_key_and_certificates(b"ada", key, own, others, hidden)  # type: ignore[arg-type]


def test_a_chain_is_put_into_the_order_of_tls() -> None:
    """RFC 8446 section 4.4.2: the client's own certificate comes first."""
    found = certificate_from_pem("".join(reversed(CHAIN)) + "and some words", Secret(KEY_PEM))
    assert found.certificate_pem == "".join(CHAIN)
    assert found.private_key_pem.reveal().startswith("-----BEGIN PRIVATE KEY-----")
    client_context(certificate=found)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_is_opened_once(form: PrivateFormat) -> None:
    hidden = BestAvailableEncryption(PASSPHRASE.reveal().encode())
    sealed = Secret(KEY.private_bytes(Encoding.PEM, form, hidden).decode())
    plain = certificate_from_pem("".join(CHAIN), Secret(KEY_PEM))
    assert certificate_from_pem("".join(CHAIN), sealed, PASSPHRASE) == plain
    for passphrase in (None, Secret("wrong")):
        with pytest.raises(InvalidInput) as refused:
            certificate_from_pem("".join(CHAIN), sealed, passphrase)
        assert refused.value.field == "Passphrase"


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_a_pkcs12_file_becomes_pem(passphrase: Secret | None) -> None:
    data = pfx(encrypted=passphrase is not None)
    found = certificate_from_pkcs12(data, passphrase)
    assert found == certificate_from_pem("".join(CHAIN), Secret(KEY_PEM))


def refusal_of_pfx(data: bytes, passphrase: Secret | None) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        certificate_from_pkcs12(data, passphrase)
    return refused.value


@pytest.mark.parametrize(
    ("data", "passphrase", "field"),
    [
        (pfx(), Secret("wrong"), "Passphrase"),
        (pfx(), None, "P12 or PFX file"),
        (pfx(with_key=False), PASSPHRASE, "P12 or PFX file"),
        (b"", None, "P12 or PFX file"),
        (b"\x30\x80 no such thing", PASSPHRASE, "Passphrase"),
    ],
)
def test_a_pkcs12_file_that_is_of_no_use_is_refused(
    data: bytes, passphrase: Secret | None, field: str
) -> None:
    refused = refusal_of_pfx(data, passphrase)
    assert refused.field == field
    assert "sesame" not in str(refused)


@pytest.mark.parametrize(
    ("pem", "key", "field"),
    [
        ("", KEY_PEM, "Certificate"),
        ("words", KEY_PEM, "Certificate"),
        (CHAIN[0].replace("M", "N"), KEY_PEM, "Certificate"),
        (CHAIN[0], "", "Private key"),
        (CHAIN[0], CHAIN[0], "Private key"),
        (CHAIN[0], OTHER.private_key_pem.bytes().decode(), "Private key"),
    ],
)
def test_what_does_not_fit_together_is_refused(pem: str, key: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        certificate_from_pem(pem, Secret(key))
    assert refused.value.field == field


def test_certificates_say_whose_they_are_and_when_the_first_ends() -> None:
    facts = facts_of("".join(CHAIN))
    ends = [load_pem_x509_certificate(each.encode()).not_valid_after_utc for each in CHAIN]
    assert "CN=ada" in facts.subject
    assert (facts.count, facts.expires_at) == (len(CHAIN), min(ends))
    authority = CA.cert_pem.bytes().decode()
    assert "Private Authority" in facts_of(authority).subject
    assert checked_authorities(f"my authority\n{authority}") == authority


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fall_over(data: bytes) -> None:
    text = data.decode("latin-1")
    for read in (
        lambda: certificate_from_pkcs12(data),
        lambda: checked_authorities(text),
        lambda: certificate_from_pem(text, Secret(KEY_PEM)),
        lambda: certificate_from_pem(CHAIN[0], Secret(text)),
        lambda: certificate_from_pem(CHAIN[0], Secret(KEY_PEM), Secret(text)),
    ):
        with suppress(InvalidInput):
            read()


def test_a_certificate_does_not_print_its_key() -> None:
    found: ClientCertificate = certificate_from_pem("".join(CHAIN), Secret(KEY_PEM))
    assert found.private_key_pem.reveal()[60:120] not in repr(found)
