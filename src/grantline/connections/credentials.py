"""Authentication of a request without OAuth: an API key, or a user name and password.

As with tokens, a secret goes only to the hosts it was given for, and a request that brings a
credential of its own in the same place is refused.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from grantline.calls.headers import check_header
from grantline.calls.hosts import HostList
from grantline.errors import EgressBlocked, InvalidInput
from grantline.messages import HttpRequest
from grantline.oauth.parameters import append_query, query_parameters
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
        value: The whole value: with the scheme word, where the service wants one.
        hosts: Where it may go; empty means the host of the request's URL.
    """

    name: str
    value: Secret
    placement: KeyPlacement = KeyPlacement.HEADER
    hosts: tuple[str, ...] = ()

    @property
    def secret(self) -> Secret:
        """What must not be seen."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicCredential:
    """A user name and password (RFC 7617); ``hosts`` as for an API key."""

    username: str
    password: Secret
    hosts: tuple[str, ...] = ()

    @property
    def secret(self) -> Secret:
        """What must not be seen."""
        return self.password

    @property
    def header(self) -> str:
        """The value of the Authorization header (RFC 7617 section 2), in UTF-8."""
        pair = f"{self.username}:{self.password.reveal()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


RequestCredential = KeyCredential | BasicCredential


def checked_credential(credential: RequestCredential, url: str) -> RequestCredential:
    """``credential`` with its hosts in canonical form; the host of ``url`` when it has none.

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
        check_header(credential.name, credential.value.reveal())
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
        pair = (credential.name, credential.value.reveal())
    _refuse_second(pair[0], (name for name, _ in request.headers))
    return replace(request, headers=(*request.headers, pair))


def check_credential_host(request: HttpRequest, credential: RequestCredential) -> None:
    """Refuses to take ``credential`` to a host that it was not given for.

    Raises:
        EgressBlocked: ``host_not_allowed``.
    """
    host = parse_url(request.url).host
    if not HostList(frozenset(credential.hosts)).allows(host):
        raise EgressBlocked(
            f"The credential of this request may not go to {host}.",
            rule="host_not_allowed",
            address=host,
            setting="hosts",
            hint="Type the credential again to use it for this host.",
        )


def credential_to_plain(credential: RequestCredential) -> dict[str, Any]:
    """``credential`` as JSON, to be sealed."""
    if isinstance(credential, BasicCredential):
        own = {"username": credential.username, "password": credential.password.reveal()}
        return {"kind": "basic", **own, "hosts": list(credential.hosts)}
    return {
        "kind": "key",
        "name": credential.name,
        "value": credential.value.reveal(),
        "placement": credential.placement.value,
        "hosts": list(credential.hosts),
    }


def credential_from_plain(plain: Mapping[str, Any]) -> RequestCredential:
    """The credential that ``credential_to_plain`` wrote."""
    hosts = tuple(plain["hosts"])
    if plain["kind"] == "basic":
        return BasicCredential(
            username=plain["username"], password=Secret(plain["password"]), hosts=hosts
        )
    return KeyCredential(
        name=plain["name"],
        value=Secret(plain["value"]),
        placement=KeyPlacement(plain["placement"]),
        hosts=hosts,
    )


def kept_or_new(old: RequestCredential | None, new: RequestCredential) -> RequestCredential:
    """``new``, with the secret of ``old`` in place of an empty one.

    Raises:
        InvalidInput: There is none to keep, or it would go to hosts it was not given for.
    """
    if new.secret:
        return new
    label = PASSWORD if isinstance(new, BasicCredential) else KEY
    if old is None or type(old) is not type(new):
        if isinstance(new, BasicCredential):
            return new  # some services take a key as the user name, and no password
        raise InvalidInput(f"{label} is empty.", field=label, hint="Type it.")
    hosts = new.hosts or old.hosts
    if set(hosts) - set(old.hosts):
        raise InvalidInput(
            f"{label} must be typed again, because it would go to other hosts.",
            field=label,
            hint="A secret goes only to the hosts it was given for.",
        )
    if isinstance(new, BasicCredential):
        return replace(new, password=old.secret, hosts=hosts)
    return replace(new, value=old.secret, hosts=hosts)


def _refuse_second(name: str, taken: Any) -> None:
    if name.casefold() in {each.casefold() for each in taken}:
        raise EgressBlocked(
            f"The request brings “{name}” of its own, where its credential goes.",
            rule="credential_conflict",
            address=name,
            hint="Remove it from the request, or choose “no authentication”.",
        )
