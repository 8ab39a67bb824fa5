"""Credentials as the API takes and shows them; names as in ``--format json``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from grantline.connections.credentials.authentication import KeyPlacement
from grantline.connections.credentials.credential import Credential, CredentialFields, Kind
from grantline.secret import Secret
from grantline.server.api.fields import Base64, Given, Shown, Version, WrittenOnly

Name = Annotated[str, Field(max_length=200, examples=["weather key"])]
Hosts = Annotated[list[str], Field(max_length=500, examples=[["api.example.com"]])]
Text = Annotated[str, Field(max_length=1000)]
Pem = Annotated[str, Field(max_length=1048576)]
SECRETS = ("value", "password", "private_key", "passphrase")


class FieldsGiven(Given):
    """What a credential is made of; which of these it has depends on its kind."""

    key_name: Annotated[str, Field(max_length=1000, examples=["X-Api-Key"])] | None = None
    """Of the header or the query parameter, of an API key."""
    placement: KeyPlacement | None = None
    """In a header by default."""
    prefix: Text | None = None
    """A word before the key, such as `Token`."""
    value: WrittenOnly | None = None
    """The key."""
    username: Text | None = None
    """Of a user name and password, or of a proxy."""
    password: WrittenOnly | None = None
    """An empty text removes it."""
    certificate: Pem | None = None
    """PEM: the chain of a client certificate, or certificate authorities."""
    private_key: WrittenOnly | None = None
    """PEM, of a client certificate."""
    passphrase: WrittenOnly | None = None
    """Opens an encrypted private key or a PKCS#12 file; it is not kept."""
    pkcs12: Annotated[Base64, Field(json_schema_extra={"writeOnly": True})] | None = None
    """A client certificate with its key, in place of `certificate` and `private_key`."""
    url: Annotated[str, Field(max_length=1000, examples=["http://proxy.example:3128"])] | None = (
        None
    )
    """Of a proxy."""


class NewCredentialGiven(FieldsGiven):
    """A credential to keep under a name."""

    name: Name
    kind: Kind
    hosts: Hosts = Field(default_factory=list)
    """Where it may go; required for an API key, a user name and password, a client certificate."""


class CredentialEdited(FieldsGiven):
    """What to change; what is left out stays as it is, secrets too."""

    name: Name | None = None
    hosts: Hosts | None = None
    version: Version | None = None
    """The version that the edit was made against; or send If-Match."""


class CredentialShown(Shown):
    """A credential, without its secrets."""

    id: str
    name: str
    owner: str
    kind: Kind
    hosts: list[str]
    key_name: str
    placement: KeyPlacement
    prefix: str
    username: str
    """Empty without a password: then the user name is the secret."""
    has_password: bool
    url: str
    subject: str
    """Of the certificate, or of the first."""
    issuer: str
    more: int
    """How many certificates there are beside the first."""
    expires_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None


class ListedCredentialShown(CredentialShown):
    """A credential in a list."""

    uses: int
    """How many saved requests and scenarios refer to it."""


def fields_from(given: FieldsGiven) -> CredentialFields:
    """What was typed, as the engine takes it."""
    found: dict[str, Any] = {
        name: getattr(given, name) for name in FieldsGiven.model_fields.keys() - set(SECRETS)
    }
    for name in SECRETS:
        secret = getattr(given, name)
        found[name] = None if secret is None else Secret(secret.get_secret_value())
    return CredentialFields(**found)


def credential_view(found: Credential) -> dict[str, Any]:
    """The fields of ``CredentialShown``."""
    return {
        name: getattr(found if hasattr(found, name) else found.details, name)
        for name in CredentialShown.model_fields
    }
