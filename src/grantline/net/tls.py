"""Trust stores and client certificates. There is no way to switch verification off."""

from __future__ import annotations

import os
import secrets
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from grantline.errors import ConfigurationError
from grantline.messages import ClientCertificate, TlsVersion

_VERSIONS: Final = {
    TlsVersion.TLS_1_2: ssl.TLSVersion.TLSv1_2,
    TlsVersion.TLS_1_3: ssl.TLSVersion.TLSv1_3,
}


def client_context(
    extra_ca_pem: str = "",
    certificate: ClientCertificate | None = None,
    minimum: TlsVersion = TlsVersion.TLS_1_2,
    *,
    protocols: tuple[str, ...] = ("http/1.1",),
) -> ssl.SSLContext:
    """A context that verifies servers by the system's trust store, and by ``extra_ca_pem`` too.

    Args:
        extra_ca_pem: Certificates of private authorities, PEM; the system's stay trusted.
        certificate: Presented when the server asks for one (RFC 8705).
        minimum: The oldest TLS that is spoken.
        protocols: What is spoken inside, for servers that speak several (RFC 7301).

    Raises:
        ConfigurationError: Something given is no usable PEM.
    """
    context = ssl.create_default_context()
    context.minimum_version = _VERSIONS[minimum]
    if protocols:
        context.set_alpn_protocols(protocols)
    try:
        if extra_ca_pem:
            context.load_verify_locations(cadata=extra_ca_pem)
        if certificate is not None:
            _load_certificate(context, certificate)
    except (ssl.SSLError, ValueError, TypeError) as error:
        what = "client certificate or its key" if certificate else "private CA certificate"
        raise ConfigurationError(
            f"The {what} cannot be used.",
            hint="Paste the whole PEM text, from -----BEGIN to the last -----END line.",
            detail=type(error).__name__,
        ) from None
    return context


def _load_certificate(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Hand ``certificate`` to OpenSSL, which takes private keys from files only.

    The key goes into the file encrypted under a passphrase that lives in this function, so what
    stays on the disk when a crash keeps the file from being deleted opens nothing.
    """
    passphrase = secrets.token_bytes(32).hex().encode()
    key = load_pem_private_key(certificate.private_key_pem.reveal().encode(), password=None)
    sealed = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, "client.pem")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificate.certificate_pem.encode() + b"\n" + sealed)
        context.load_cert_chain(path, password=passphrase)
