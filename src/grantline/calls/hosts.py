"""The hosts that a connection's token may go to (RFC 6750 section 5.3, RFC 9700 section 4.9).

An entry is an exact host or ``*.domain``, which means every name under the domain and not the
domain itself. A public suffix is nobody's domain, so a list never holds one: ``*.co.uk`` or
``*.github.io`` would hand the token to whoever registers a name there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from grantline.errors import EgressBlocked, InvalidInput
from grantline.url import Url, canonical_host, literal_address

WILDCARD = "*."


@dataclass(frozen=True, slots=True)
class HostList:
    """The hosts a credential is bound to. An empty list allows none.

    Attributes:
        patterns: Exact hosts and ``*.domain`` entries in canonical form; see `HostList.parse`.
    """

    patterns: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str], *, field: str = "allowed_hosts") -> HostList:
        """The list that ``entries``, as typed into the form, describe.

        Raises:
            InvalidInput: An entry is no host, or is or covers a public suffix.
        """
        return cls(frozenset(parse_pattern(entry, field=field) for entry in entries))

    def allows(self, host: str) -> bool:
        """Whether ``host``, in canonical form, is on the list."""
        return matches(self.patterns, host)

    def check(self, url: Url) -> None:
        """Refuse a URL whose host is not on the list.

        Raises:
            EgressBlocked: ``host_not_allowed``.
        """
        if not self.allows(url.host):
            raise EgressBlocked(
                f"This connection's token may not go to {url.host}.",
                rule="host_not_allowed",
                address=url.host,
                hint="Add the host to the connection's allowed hosts if it is the same service.",
            )


def matches(patterns: frozenset[str], host: str) -> bool:
    """Whether one of ``patterns``, exact or ``*.domain``, covers ``host``."""
    if host in patterns:
        return True
    domain = host
    while "." in domain:
        domain = domain.partition(".")[2]
        if WILDCARD + domain in patterns:
            return True
    return False


def parse_pattern(entry: str, *, field: str = "allowed_hosts") -> str:
    """``entry`` in canonical form: an exact host or ``*.domain``, never a public suffix.

    Raises:
        InvalidInput: It is neither, or nobody owns it.
    """
    text = entry.strip()
    wildcard = text.startswith(WILDCARD)
    name = text.removeprefix(WILDCARD)
    try:
        host = canonical_host(name)
    except EgressBlocked:
        raise InvalidInput(
            f"{entry!r} is not a host.",
            field=field,
            hint="Write a host name such as api.example.com, or *.example.com.",
        ) from None
    address = literal_address(host)
    if wildcard and (address is not None or is_public_suffix(host)):
        raise InvalidInput(
            f"{entry!r} would cover hosts of other people.",
            field=field,
            hint="Name the hosts one by one, or the service's own domain.",
        )
    if not wildcard and is_registry(host):
        raise InvalidInput(f"{entry!r} is a public suffix, not a host.", field=field)
    return WILDCARD + host if wildcard else host


def is_public_suffix(domain: str) -> bool:
    """Whether names right under ``domain`` belong to different people (publicsuffix.org)."""
    return _suffixes().publicsuffix(domain) == domain


@lru_cache(maxsize=1024)
def is_registry(domain: str) -> bool:
    """Whether a registry, not a company, hands out the names under ``domain``: ``com``, ``co.uk``.

    The list's private part is left out here, because a suffix of that part may be a real host:
    ``s3.amazonaws.com`` is one. A single unknown label (``localhost``) is a host as well.
    """
    suffixes = _registries()
    return suffixes.publicsuffix(domain, accept_unknown=False) == domain


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _registries() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)
