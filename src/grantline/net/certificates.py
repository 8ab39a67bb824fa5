"""Certificates as people have them, PEM or PKCS#12, checked once and kept as PEM without password.

The vault seals what is kept; a password on top would only have to be kept beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import Certificate, Name, load_pem_x509_certificates

from grantline.errors import InvalidInput
from grantline.messages import ClientCertificate
from grantline.secret import Secret

CERTIFICATE: Final = "Certificate"
PRIVATE_KEY: Final = "Private key"
PKCS12: Final = "P12 or PFX file"
PASSPHRASE: Final = "Passphrase"

_WHOLE: Final = "Paste the whole PEM text, from -----BEGIN to the last -----END line."
_LONGEST_NAME: Final = 300
_UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What certificates say of themselves.

    Attributes:
        subject: Of the first one, like ``issuer`` (RFC 4514).
        expires_at: When the first of them ends.
        count: How many there are.
    """

    subject: str
    issuer: str
    expires_at: datetime
    count: int


def facts_of(pem: str) -> CertificateFacts:
    """What the certificates in ``pem`` say.

    Raises:
        InvalidInput: There is none, or one cannot be read.
    """
    found = _read(pem)
    return CertificateFacts(
        subject=_words(found[0].subject),
        issuer=_words(found[0].issuer),
        expires_at=min(each.not_valid_after_utc for each in found),
        count=len(found),
    )


def checked_authorities(pem: str) -> str:
    """The certificates in ``pem`` and nothing else of it; errors as ``facts_of``."""
    return _write(_read(pem))


def certificate_from_pem(
    pem: str, key_pem: Secret, passphrase: Secret | None = None
) -> ClientCertificate:
    """The chain in ``pem``, the client's own certificate first, and its key.

    Raises:
        InvalidInput: One of them cannot be read, or the key belongs to none of the certificates.
    """
    chain = _read(pem)
    try:
        key = load_pem_private_key(key_pem.reveal().encode(), _bytes_of(passphrase))
    except _UNREADABLE as error:
        if "encrypted" in str(error) or passphrase:
            raise InvalidInput(
                "The private key does not open with this passphrase."
                if passphrase
                else "The private key is encrypted.",
                field=PASSPHRASE,
                hint="Type the passphrase that the key was encrypted under.",
            ) from None
        raise InvalidInput(
            "The private key cannot be read.", field=PRIVATE_KEY, hint=_WHOLE
        ) from None
    return _joined(chain, key, field=PRIVATE_KEY)


def certificate_from_pkcs12(data: bytes, passphrase: Secret | None = None) -> ClientCertificate:
    """The chain and the key in a PKCS#12 file (RFC 7292), the password taken off.

    Raises:
        InvalidInput: It does not open, or a certificate or the key is missing.
    """
    try:
        key, own, others = pkcs12.load_key_and_certificates(data, _bytes_of(passphrase))
    except _UNREADABLE:
        raise InvalidInput(
            "The PKCS#12 file does not open.",
            field=PASSPHRASE if passphrase else PKCS12,
            hint="Check the passphrase, and that the file ends in .p12 or .pfx.",
        ) from None
    if key is None or own is None:
        raise InvalidInput(
            "The PKCS#12 file has no certificate with its private key.",
            field=PKCS12,
            hint="Export both together, with the chain.",
        )
    return _joined([own, *others], key, field=PKCS12)


def _joined(chain: Sequence[Certificate], key: PrivateKeyTypes, *, field: str) -> ClientCertificate:
    public = _bytes(key.public_key())
    own = next((each for each in chain if _bytes(each.public_key()) == public), None)
    if own is None:
        raise InvalidInput(
            "The private key does not belong to the certificate.",
            field=field,
            hint="Give the key that the certificate was made with.",
        )
    # TLS wants the client's own certificate first (RFC 8446 section 4.4.2).
    ordered = [own, *(each for each in chain if each is not own)]
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return ClientCertificate(_write(ordered), Secret(pem.decode()))


def _bytes_of(passphrase: Secret | None) -> bytes | None:
    return passphrase.reveal().encode() if passphrase else None


def _read(pem: str) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(pem.encode())
    except _UNREADABLE:
        raise InvalidInput(
            "The certificate cannot be read." if pem.strip() else "The certificate is empty.",
            field=CERTIFICATE,
            hint=_WHOLE,
        ) from None


def _write(certificates: Sequence[Certificate]) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def _bytes(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _words(name: Name) -> str:
    text = name.rfc4514_string()
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"
