"""Client certificates and authorities as people have them: PEM text, or a PKCS#12 file."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from cryptography.x509 import Certificate, load_pem_x509_certificates

from grantline.errors import InvalidInput
from grantline.messages import ClientCertificate
from grantline.secret import Secret


def certificate_from_pem(
    certificate_pem: str, private_key_pem: Secret, password: Secret | None = None, *, field: str
) -> ClientCertificate:
    """The client certificate that two PEM texts hold; the key's own encryption is undone.

    Args:
        certificate_pem: The certificate, and behind it those that lead to its authority.
        private_key_pem: Its private key.
        password: Of the private key; None or empty for a key that has none.
        field: What the texts were given for.

    Raises:
        InvalidInput: They are not PEM, the password is wrong, or the key is another one's.
    """
    try:
        chain = load_pem_x509_certificates(certificate_pem.encode())
        key = load_pem_private_key(
            private_key_pem.reveal().encode(), password.reveal().encode() if password else None
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unusable(
            field, "Give the whole PEM texts, and the password if the key has one."
        ) from None
    return _joined(chain, key, field)


def certificate_from_pkcs12(
    data: bytes, password: Secret | None = None, *, field: str
) -> ClientCertificate:
    """The client certificate in a PKCS#12 file (``.p12``, ``.pfx``; RFC 7292).

    Raises:
        InvalidInput: It is no such file, the password is wrong, or it has no key in it.
    """
    try:
        opened = load_pkcs12(data, password.reveal().encode() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unusable(field, "Give a .p12 or .pfx file, and its password.") from None
    if opened.cert is None or opened.key is None:
        raise _unusable(field, "The file needs a certificate and its private key.")
    chain = [opened.cert.certificate, *(each.certificate for each in opened.additional_certs)]
    return _joined(chain, opened.key, field)


def checked_authorities(pem: str, *, field: str) -> str:
    """The certificates in ``pem``, and nothing else of it.

    Raises:
        InvalidInput: There are none.
    """
    try:
        found = load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise InvalidInput(
            "The certificate authorities are not PEM.",
            field=field,
            hint="Give the whole text, from -----BEGIN CERTIFICATE to the last -----END line.",
        ) from None
    return _pem(found)


def _joined(chain: list[Certificate], key: object, field: str) -> ClientCertificate:
    try:
        same = _public(chain[0]) == _public(key)
    except (ValueError, UnsupportedAlgorithm, AttributeError):
        same = False
    if not same:
        raise _unusable(field, "The private key belongs to another certificate.")
    plain = key.private_bytes(  # type: ignore[attr-defined]
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return ClientCertificate(_pem(chain), Secret(plain.decode()))


def _public(holder: object) -> bytes:
    public = holder.public_key()  # type: ignore[attr-defined]
    encoded: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def _pem(chain: list[Certificate]) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in chain)


def _unusable(field: str, hint: str) -> InvalidInput:
    return InvalidInput("The client certificate cannot be used.", field=field, hint=hint)
