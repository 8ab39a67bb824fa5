"""Credentials to rows and back, sealed and opened; and what a request gets of those it names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from grantline.codec import to_plain
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials.authentication import (
    BasicCredential,
    KeyCredential,
    RequestCredential,
    check_hosts_of,
)
from grantline.connections.credentials.credential import NO_CREDENTIALS, CredentialIds, Kind
from grantline.connections.credentials.credential_contents import (
    Authority,
    Contents,
    contents_from_plain,
    contents_to_plain,
    details_of,
    secrets_in,
)
from grantline.connections.sealing import open_credential, seal_credential
from grantline.messages import ClientCertificate, HttpRequest, Proxy
from grantline.secret import Secret
from grantline.store.records.audit import Event
from grantline.store.records.credentials import CredentialRecord


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identity:
    """A client certificate, the hosts it may be shown to, and the name it is kept under."""

    certificate: ClientCertificate
    hosts: tuple[str, ...]
    kept_as: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Carried:
    """What a request takes along beside a connection's token, opened.

    Attributes:
        credential: An API key, or a user name and password.
        identity: Shown to a server that asks for a certificate.
        authority: Trusted beside the system's.
        proxy: What the request goes through.
        ids: Where all of these are kept.
    """

    credential: RequestCredential | None = None
    identity: Identity | None = None
    authority: Authority | None = None
    proxy: Proxy | None = None
    ids: CredentialIds = NO_CREDENTIALS

    def with_one(self, record: CredentialRecord, contents: Contents) -> Carried:
        """The same with what ``record`` holds."""
        match contents:
            case ClientCertificate():
                identity = Identity(certificate=contents, hosts=record.hosts, kept_as=record.name)
                return replace(self, identity=identity)
            case Authority():
                return replace(self, authority=contents)
            case Proxy():
                return replace(self, proxy=contents)
            case _:
                return replace(self, credential=contents)

    def on(self, request: HttpRequest) -> HttpRequest:
        """``request`` on the way that these mean. On another origin the certificate stays behind.

        Raises:
            EgressBlocked: ``host_not_allowed``: the certificate may not be shown to the host.
        """
        route = request.route
        if self.identity is not None:
            check_hosts_of(request, self.identity.hosts, self.identity.kept_as)
            route = replace(route, client_certificate=self.identity.certificate)
        if self.authority is not None:
            route = replace(route, ca_pem=route.ca_pem + self.authority.pem)
        if self.proxy is not None:
            route = replace(route, proxy=self.proxy)
        return request if route is request.route else replace(request, route=route)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What must not be seen, in every form in which it travels."""
        identity = self.identity.certificate if self.identity else None
        parts = (self.credential, identity, self.proxy)
        return tuple(secret for each in parts if each for secret in secrets_in(each))


NOTHING: Final = Carried()


def new_record(
    context: Context,
    actor: Actor,
    name: str,
    content: tuple[Kind, Contents],
    hosts: tuple[str, ...],
) -> CredentialRecord:
    """The row of a credential that is not there yet."""
    kind, contents = content
    now = context.clock.now()
    blank = CredentialRecord(
        id=context.new_id("crd"),
        workspace=actor.workspace,
        owner=actor.user,
        name=name,
        kind=kind.value,
        details={},
        hosts=hosts,
        sealed_secrets="",
        expires_at=None,
        version=1,
        created_at=now,
        updated_at=now,
    )
    return with_contents(context, blank, contents)


def with_contents(
    context: Context, record: CredentialRecord, contents: Contents
) -> CredentialRecord:
    """``record`` with ``contents`` sealed into it, and what may be shown of them."""
    details, expires_at = details_of(contents)
    plain = contents_to_plain(contents)
    return replace(
        record,
        details=to_plain(details),
        expires_at=expires_at,
        sealed_secrets=seal_credential(context.vault, record.workspace, record.id, plain),
    )


def created(context: Context, actor: Actor, record: CredentialRecord) -> Event:
    """The line of the history that says so."""
    data = {"name": record.name, "kind": record.kind}
    return context.event(actor, "credential.created", record.id, data)


def opened(context: Context, record: CredentialRecord) -> Contents:
    """What is in ``record``, bound to its hosts."""
    plain = open_credential(context.vault, record)
    contents = contents_from_plain(Kind(record.kind), plain, record.hosts)
    if isinstance(contents, KeyCredential | BasicCredential):
        return replace(contents, kept_as=record.name)
    return contents
