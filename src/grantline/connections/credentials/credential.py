"""Credentials as people and faces see them: secrets that are no OAuth grant, kept under a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from grantline.codec import from_plain
from grantline.connections.credentials.authentication import KeyPlacement
from grantline.secret import Secret
from grantline.store.records.credentials import CredentialRecord

ID_PREFIX: Final = "crd_"


class Kind(StrEnum):
    """What a credential is."""

    KEY = "key"
    BASIC = "basic"
    CERTIFICATE = "certificate"
    AUTHORITY = "authority"
    PROXY = "proxy"

    @property
    def label(self) -> str:
        """The kind in words."""
        return _LABELS[self]

    @property
    def has_hosts(self) -> bool:
        """Whether it goes to services, and so only to those that are listed."""
        return self in {Kind.KEY, Kind.BASIC, Kind.CERTIFICATE}


_LABELS: Final = {
    Kind.KEY: "API key",
    Kind.BASIC: "User name and password",
    Kind.CERTIFICATE: "Client certificate",
    Kind.AUTHORITY: "Certificate authority",
    Kind.PROXY: "Proxy",
}


# The fields of a credential as every face calls them.
LABELS: Final = {
    "key_name": "Key name",
    "placement": "Placement",
    "prefix": "Prefix",
    "value": "API key",
    "username": "User name",
    "password": "Password",
    "certificate": "Certificate",
    "private_key": "Private key",
    "passphrase": "Passphrase",
    "pkcs12": "P12 or PFX file",
    "url": "Proxy URL",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What may be shown of a credential; a field that its kind does not have is empty.

    Attributes:
        key_name: Of the header or the query parameter.
        prefix: The word before the key, such as ``Token``.
        username: Empty for one without a password: then the user name is the secret.
        url: Of the proxy.
        subject: Of the certificate, or of the first (RFC 4514).
        more: How many certificates there are beside the first.
    """

    key_name: str = ""
    placement: KeyPlacement = KeyPlacement.HEADER
    prefix: str = ""
    username: str = ""
    has_password: bool = False
    url: str = ""
    subject: str = ""
    issuer: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A secret that is no OAuth grant.

    Attributes:
        hosts: Where it may go; empty for kinds that go to no service.
        expires_at: When the certificate in it ends, the first of several; None for other kinds.
    """

    id: str
    name: str
    owner: str
    kind: Kind
    details: Details
    hosts: tuple[str, ...]
    expires_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFields:
    """What a person types. None leaves a field as it is, and an empty text empties it.

    Attributes:
        key_name: Of an API key, like ``placement``, ``prefix`` and ``value``.
        username: Of a user name and password, or of a proxy; like ``password``.
        certificate: PEM: a client's chain, or the certificates of authorities.
        private_key: PEM, of a client certificate; ``passphrase`` opens an encrypted one.
        pkcs12: A file with a client's certificate and key, in place of the two.
        url: Of a proxy.
    """

    key_name: str | None = None
    placement: KeyPlacement | None = None
    prefix: str | None = None
    value: Secret | None = None
    username: str | None = None
    password: Secret | None = None
    certificate: str | None = None
    private_key: Secret | None = None
    passphrase: Secret | None = None
    pkcs12: bytes | None = field(default=None, repr=False)
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """What a person fills in to create a credential; ``hosts`` are required where it has any."""

    name: str
    kind: Kind
    hosts: tuple[str, ...] = ()
    fields: CredentialFields = field(default_factory=CredentialFields)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialEdit:
    """What a person changes; None leaves a thing as it is.

    Attributes:
        version: The version the edit was made against; None takes whatever is there.
    """

    name: str | None = None
    hosts: tuple[str, ...] | None = None
    fields: CredentialFields = field(default_factory=CredentialFields)
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialIds:
    """The credentials that a request refers to, by id.

    Attributes:
        credential_id: An API key, or a user name and password; in place of a connection.
        certificate_id: A client certificate; beside either, like the two below.
        authority_id: A certificate authority to trust beside the system's.
        proxy_id: The proxy to go through.
    """

    credential_id: str | None = None
    certificate_id: str | None = None
    authority_id: str | None = None
    proxy_id: str | None = None

    def __iter__(self) -> Iterator[str]:
        return (each for each in astuple(self) if each is not None)


NO_CREDENTIALS: Final = CredentialIds()
# Which kinds may stand in which place.
PLACES: Final = {
    "credential_id": (Kind.KEY, Kind.BASIC),
    "certificate_id": (Kind.CERTIFICATE,),
    "authority_id": (Kind.AUTHORITY,),
    "proxy_id": (Kind.PROXY,),
}


def ids_of(kind: Kind, credential_id: str) -> CredentialIds:
    """The references of a request to one credential, in the place of its ``kind``."""
    place = next(place for place, kinds in PLACES.items() if kind in kinds)
    return CredentialIds(**{place: credential_id})


def credential_from_record(record: CredentialRecord) -> Credential:
    """The credential that ``record`` stores, without opening it."""
    return Credential(
        id=record.id,
        name=record.name,
        owner=record.owner,
        kind=Kind(record.kind),
        details=from_plain(Details, record.details),
        hosts=record.hosts,
        expires_at=record.expires_at,
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
        last_used_at=record.last_used_at,
    )
