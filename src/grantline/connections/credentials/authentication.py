"""Authentication of a request without OAuth: an API key, or a user name and password.

As with tokens, a secret goes only to the hosts it was given for, and a request that brings a
secret of its own in the same place is refused. ``manage_credentials`` keeps them under a name.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from grantline.calls.headers import check_header
from grantline.calls.hosts import HostList, matches
from grantline.errors import EgressBlocked, InvalidInput
from grantline.messages import HttpRequest
from grantline.oauth.requests.parameters import append_query, query_parameters
from grantline.secret import Secret
from grantline.url import parse_url

KEY: Final = "API key"
PASSWORD: Final = "Password"


class KeyPlacement(StrEnum):
    """Where an API key goes."""

    HEADER = "header"
    QUERY = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCredential:
    """An API key.

    Attributes:
        name: Of the header or the query parameter.
        value: The key itself.
        prefix: A word before it in a header, such as ``Token``.
        hosts: Where it may go; empty means the host of the request's URL.
        kept_as: The name it is kept under; empty for one that was typed for this request.
    """

    name: str
    value: Secret
    placement: KeyPlacement = KeyPlacement.HEADER
    prefix: str = ""
    hosts: tuple[str, ...] = ()
    kept_as: str = ""

    @property
    def secret(self) -> Secret:
        """What a person types and nobody may see."""
        return self.value

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The same in every form in which it travels."""
        return (self.value,)

    @property
    def sent(self) -> Secret:
        """The whole value, the prefix before it."""
        return Secret(f"{self.prefix} {self.value.reveal()}") if self.prefix else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicCredential:
    """A user name and password (RFC 7617); ``hosts`` and ``kept_as`` as for an API key.

    Some services take a key as the user name, and no password.
    """

    username: str
    password: Secret
    hosts: tuple[str, ...] = ()
    kept_as: str = ""

    @property
    def secret(self) -> Secret:
        """What a person types and nobody may see."""
        return self.password or Secret(self.username)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The same in every form in which it travels."""
        return self.secret, Secret(self.header.removeprefix("Basic "))

    @property
    def header(self) -> str:
        """The value of the Authorization header (RFC 7617 section 2), in UTF-8."""
        pair = f"{self.username}:{self.password.reveal()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


RequestCredential = KeyCredential | BasicCredential
C = TypeVar("C", bound=RequestCredential)


def check_credential(credential: C) -> C:
    """``credential`` when a request could carry it.

    Raises:
        InvalidInput: A field is wrong; names it.
        EgressBlocked: No request may carry a header of this name or value.
    """
    if isinstance(credential, BasicCredential):
        # RFC 7617 section 2: the first colon ends the user name.
        if ":" in credential.username or not f"{credential.username}x".isprintable():
            raise InvalidInput(
                "The user name has a colon or a control character.", field="User name"
            )
    elif not credential.name or not credential.value:
        raise InvalidInput(
            "An API key needs a name and a value.",
            field=KEY,
            hint="The service's documentation names the header or parameter, such as X-Api-Key.",
        )
    elif credential.placement is KeyPlacement.HEADER:
        check_header(credential.name, credential.sent.reveal())
    return credential


def checked_credential(credential: RequestCredential, url: str) -> RequestCredential:
    """``credential`` with its hosts in canonical form; the host of ``url`` when it has none.

    Raises as ``check_credential``.
    """
    check_credential(credential)
    hosts = credential.hosts or (parse_url(url).host,)
    return replace(credential, hosts=tuple(sorted(HostList.parse(hosts, field="Hosts").patterns)))


def put_on(request: HttpRequest, credential: RequestCredential) -> HttpRequest:
    """``request`` with ``credential``.

    Raises:
        EgressBlocked: ``credential_conflict``: the request has something in that place already.
    """
    if isinstance(credential, KeyCredential) and credential.placement is KeyPlacement.QUERY:
        taken = (name for name, _ in query_parameters(request.url))
        _refuse_second(credential.name, taken)
        pair = (credential.name, credential.value.reveal())
        url = append_query(request.url.partition("#")[0], (pair,))
        return replace(request, url=url)
    if isinstance(credential, BasicCredential):
        pair = ("Authorization", credential.header)
    else:
        pair = (credential.name, credential.sent.reveal())
    _refuse_second(pair[0], (name for name, _ in request.headers))
    return replace(request, headers=(*request.headers, pair))


def check_credential_host(request: HttpRequest, credential: RequestCredential) -> None:
    """Refuses to take ``credential`` to a host that it was not given for.

    Raises:
        EgressBlocked: ``host_not_allowed``.
    """
    check_hosts_of(request, credential.hosts, credential.kept_as)


def check_hosts_of(request: HttpRequest, hosts: tuple[str, ...], kept_as: str) -> None:
    """The same for any credential, by its ``hosts`` and the name it is kept under."""
    host = parse_url(request.url).host
    if matches(frozenset(hosts), host):
        return
    hint = "Type it again to use it for this host."
    if kept_as:
        hint = (
            f"If {host} belongs to the service, run: "
            f"grantline credential edit {kept_as} --add-host {host}"
        )
    raise EgressBlocked(
        f"“{kept_as}” may not go to {host}."
        if kept_as
        else f"The credential of this request may not go to {host}.",
        rule="host_not_allowed",
        address=host,
        setting="hosts",
        hint=hint,
    )


def _refuse_second(name: str, taken: Any) -> None:
    if name.casefold() in {each.casefold() for each in taken}:
        raise EgressBlocked(
            f"The request brings “{name}” of its own, where its credential goes.",
            rule="credential_conflict",
            address=name,
            hint="Remove it from the request, or choose “no authentication”.",
        )
