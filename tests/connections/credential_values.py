"""One credential of each kind, as a person would type it, with a canary in every secret."""

from __future__ import annotations

from typing import Any, Final

import trustme

from grantline.connections.credentials.credential import CredentialFields, Kind, NewCredential
from grantline.secret import Secret

CANARY: Final = "canary-credential-4d3c2b1a0f9e"
HOSTS: Final = ("127.0.0.1",)
AUTHORITY: Final = trustme.CA(organization_name="Private Authority")
_ISSUED: Final = AUTHORITY.issue_cert("ada@example.com", common_name="ada")
CHAIN_PEM: Final = _ISSUED.cert_chain_pems[0].bytes().decode()
KEY_PEM: Final = _ISSUED.private_key_pem.bytes().decode()
AUTHORITY_PEM: Final = AUTHORITY.cert_pem.bytes().decode()
# A line of the key that no other text has.
KEY_CANARY: Final = KEY_PEM.splitlines()[1]

FIELDS: Final[dict[Kind, dict[str, Any]]] = {
    Kind.KEY: {"key_name": "X-Api-Key", "value": Secret(CANARY)},
    Kind.BASIC: {"username": "ada", "password": Secret(CANARY)},
    Kind.CERTIFICATE: {"certificate": CHAIN_PEM, "private_key": Secret(KEY_PEM)},
    Kind.AUTHORITY: {"certificate": AUTHORITY_PEM},
    Kind.PROXY: {"url": "http://proxy.example:3128", "username": "me", "password": Secret(CANARY)},
}


def new_credential(kind: Kind, *, name: str = "", **changes: Any) -> NewCredential:
    """What a person fills in for a credential of ``kind``, called as its kind."""
    hosts = changes.pop("hosts", HOSTS if kind.has_hosts else ())
    fields = CredentialFields(**{**FIELDS[kind], **changes})
    return NewCredential(name=name or kind.value, kind=kind, hosts=hosts, fields=fields)
