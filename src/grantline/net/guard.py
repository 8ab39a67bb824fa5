"""The egress guard: what an operator allows beyond the public internet, and the checks themselves.

On by default and for every outbound byte. A refusal names the address, the rule and the setting
that would allow it, because a refusal that explains nothing gets switched off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from grantline.calls.hosts import WILDCARD, matches
from grantline.errors import ConfigurationError, EgressBlocked
from grantline.net.address import (
    Address,
    embedded,
    is_closed,
    parse_address,
    special_rule,
    unmapped,
)
from grantline.url import Url, canonical_host, literal_address

POLICY: Final = "GRANTLINE_POLICY"
HOSTED: Final = "hosted"
SELF_HOSTED: Final = "self-hosted"
ALLOW_HOSTS: Final = "GRANTLINE_ALLOW_HOSTS"
ALLOW_PORTS: Final = "GRANTLINE_ALLOW_PORTS"

Network = IPv4Network | IPv6Network

# Names that mean this machine, this network or this cluster wherever they are looked up.
_LOCAL_NAMES: Final = frozenset(
    f"*.{suffix}"
    for suffix in (
        "localhost",  # RFC 6761
        "local",  # RFC 6762
        "internal",  # reserved by ICANN for private use
        "home.arpa",  # RFC 8375
        "localdomain",
        "localdomain6",
        "lan",  # this and the next: RFC 6762 appendix G
        "intranet",
        "private",
        "corp",  # ICANN never delegates these three: too many networks use them inside
        "home",
        "mail",
        "svc",  # Kubernetes: name.namespace.svc, and name.default for short
        "default",
        "consul",
        "onion",  # RFC 7686
        "alt",  # RFC 9476
    )
)
# Names of metadata services: closed even where an operator allows the suffix.
_CLOSED_NAMES: Final = frozenset(
    {
        "metadata.google.internal",
        "metadata.goog",
        "metadata.azure.internal",
        "metadata.azure.com",
        "metadata.tencentyun.com",
        "metadata.platformequinix.com",
        "metadata.packet.net",
        "api.metadata.cloud.ibm.com",
        "instance-data.ec2.internal",
        "instance-data",
        "metadata",
    }
)

# Ports that speak something other than HTTP: the Fetch standard's list ("bad port") below 32768,
# then databases, queues and control planes that answer to the first line they can make sense of.
_BLOCKED_PORTS: Final = frozenset(
    {
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161),
        *(179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563),
        *(587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060),
        *(5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
        *(445, 873, 1433, 1521, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5900),
        *(6379, 6380, 9042, 9092, 9200, 9300, 10250, 10255, 11211, 27017, 27018, 27019, 28015),
    }
)


@dataclass(frozen=True, slots=True)
class HostSet:
    """Host names, exact or ``*.domain``, and networks, as an operator lists them."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str], *, setting: str) -> HostSet:
        """The set that ``entries`` describe: names, ``*.domain``, addresses and CIDR networks.

        Raises:
            ConfigurationError: An entry cannot be read. A guard with a hole is no guard, so
                nothing is skipped.
        """
        names: set[str] = set()
        networks: list[Network] = []
        for entry in entries:
            try:
                if "/" in entry:
                    networks.append(ip_network(entry))
                    continue
                bare = f"[{entry}]" if entry.count(":") > 1 and entry[:1] != "[" else entry
                host = canonical_host(bare.removeprefix(WILDCARD))
            except (EgressBlocked, ValueError):
                raise ConfigurationError(
                    f"{setting} holds {entry!r}, which is no host name, address or network.",
                    hint="Write entries as auth.internal, *.corp.example, 10.0.0.5 or 10.0.0.0/8.",
                ) from None
            address = literal_address(host)
            if address is None:
                names.add(WILDCARD + host if entry.startswith(WILDCARD) else host)
            else:
                networks.append(ip_network(unmapped(address)))
        return cls(frozenset(names), tuple(networks))

    def has_name(self, host: str) -> bool:
        """Whether the name ``host`` is listed."""
        return matches(self.names, host)

    def has_address(self, address: Address) -> bool:
        """Whether ``address`` is in a listed network."""
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """What the operator allows and forbids. The default allows the public internet, by https.

    Attributes:
        allowed: Names that may be local and may lead to special addresses, and such addresses.
        plain: Hosts that may be asked over plain http.
        ports: Ports that are open although they are usually not HTTP.
        denied: Hosts and addresses that are refused first.
        own: Addresses of this service itself, never dialled.
        hosted: Whether those who use this installation are strangers to who runs it: nothing
            private is reachable, and requests choose no proxy.
    """

    allowed: HostSet = HostSet()
    plain: HostSet = HostSet()
    ports: frozenset[int] = frozenset()
    denied: HostSet = HostSet()
    own: HostSet = HostSet()
    hosted: bool = False

    @classmethod
    def parse(
        cls,
        *,
        allow_hosts: Iterable[str] = (),
        allow_plain: Iterable[str] | None = None,
        allow_ports: Iterable[str] = (),
        denied_hosts: Iterable[str] = (),
        own_addresses: Iterable[str] = (),
        hosted: bool = False,
    ) -> EgressPolicy:
        """The policy that an operator's settings describe; entries are those of `HostSet.parse`.

        Args:
            allow_hosts: Hosts that may be private.
            allow_plain: Hosts that may be asked over plain http; None means all of ``allow_hosts``.
            allow_ports: Port numbers to open.
            denied_hosts: Hosts to refuse.
            own_addresses: Addresses at which this service is reached.
            hosted: Keep all that is private closed; ``allow_hosts`` then only names public hosts
                that may be asked over plain http.

        Raises:
            ConfigurationError: An entry cannot be read, or opens what ``hosted`` keeps closed.
        """
        listed = HostSet.parse(allow_hosts, setting=ALLOW_HOSTS)
        if hosted and (listed.networks or any(map(_is_local_name, listed.names))):
            raise ConfigurationError(
                f"{ALLOW_HOSTS} opens a private place, and {POLICY} is {HOSTED}.",
                hint=f"Take it off the list, or set {POLICY} to {SELF_HOSTED}.",
            )
        return cls(
            allowed=HostSet() if hosted else listed,
            plain=listed
            if allow_plain is None
            else HostSet.parse(allow_plain, setting=ALLOW_HOSTS),
            ports=frozenset(_port(text) for text in allow_ports),
            denied=HostSet.parse(denied_hosts, setting="The list of denied hosts"),
            own=HostSet.parse(own_addresses, setting="The list of own addresses"),
            hosted=hosted,
        )


PUBLIC_INTERNET: Final = EgressPolicy()


def split_setting(text: str) -> tuple[str, ...]:
    """The entries of a comma separated setting, blanks around them removed."""
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def check_url(url: Url, policy: EgressPolicy) -> None:
    """Refuse a URL that must not be requested, as far as that shows before a name is resolved.

    Raises:
        EgressBlocked: ``host_denied``, ``blocked_port``, ``plaintext``, or a rule of
            `check_address` where the host is an address.
    """
    host, port, address = url.host, url.effective_port, url.address
    if policy.denied.has_name(host) or host in _CLOSED_NAMES:
        raise EgressBlocked(
            f"{host} is refused, and no setting allows it.", rule="host_denied", address=host
        )
    if address is not None:
        check_address(address, policy, host=host)
    elif _is_local_name(host) and not policy.allowed.has_name(host):
        raise EgressBlocked(
            f"{host} is a name of a local network.",
            rule="host_denied",
            address=host,
            **_way_to_allow(host, policy),
        )
    if port in _BLOCKED_PORTS and port not in policy.ports:
        raise EgressBlocked(
            f"Port {port} is not for HTTP.",
            rule="blocked_port",
            address=f"{host}:{port}",
            setting=ALLOW_PORTS,
            hint=f"If HTTP is served there, the operator sets {ALLOW_PORTS} to include {port}.",
        )
    plain = policy.plain.has_name(host) if address is None else policy.plain.has_address(address)
    if url.scheme != "https" and not plain:
        raise EgressBlocked(
            f"{host} would be asked over plain http, where anyone on the way reads the token.",
            rule="plaintext",
            address=host,
            setting=ALLOW_HOSTS,
            hint=f"Use https. {_allow_hint(host)}",
        )


def check_answers(host: str, answers: Iterable[str], policy: EgressPolicy) -> list[Address]:
    """The addresses to dial for ``host``: all of ``answers``, if each of them is allowed.

    One bad answer condemns the name: a name with a public and a private address is an attack or a
    mistake, and dialling the public one first would only make it work most of the time.

    Raises:
        EgressBlocked: As `check_address`.
    """
    addresses = [parse_address(answer) for answer in answers]
    for address in addresses:
        check_address(address, policy, host=host)
    return addresses


def check_address(address: Address, policy: EgressPolicy, *, host: str) -> None:
    """Refuse an address that is not public, unless the operator allows it or ``host``.

    Raises:
        EgressBlocked: ``self_connection``, ``host_denied``, or the rule of the address table.
    """
    address = unmapped(address)
    where = host if host == str(address) else f"{host}, which leads to {address},"
    if policy.own.has_address(address):
        raise EgressBlocked(
            f"{where} is this service itself.", rule="self_connection", address=str(address)
        )
    if policy.denied.has_address(address):
        raise EgressBlocked(
            f"{where} is refused, and no setting allows it.",
            rule="host_denied",
            address=str(address),
        )
    rule = special_rule(address)
    if not rule:
        return
    if is_closed(address):
        raise EgressBlocked(
            f"{where} is a metadata or link-local address ({rule}).",
            rule=rule,
            address=str(address),
            hint="No setting allows it: such addresses hand out the machine's own credentials.",
        )
    if not policy.allowed.has_name(host) and not policy.allowed.has_address(address):
        raise EgressBlocked(
            f"{where} is not a public address ({rule}).",
            rule=rule,
            address=str(address),
            **_way_to_allow(host, policy),
        )
    # Who opens a NAT64 prefix opens the way to public addresses, not to everything behind it.
    for inner in embedded(address):
        check_address(inner, policy, host=host)


def _is_local_name(host: str) -> bool:
    return "." not in host or matches(_LOCAL_NAMES, host)


def _way_to_allow(host: str, policy: EgressPolicy) -> dict[str, str]:
    """The setting that opens a private place, and how."""
    if policy.hosted:
        hint = f"{POLICY} is {HOSTED}: only public addresses are reached."
        return {"setting": POLICY, "hint": hint}
    return {"setting": ALLOW_HOSTS, "hint": _allow_hint(host)}


def _allow_hint(host: str) -> str:
    return f"If it is meant, the operator sets {ALLOW_HOSTS} to include {host}."


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigurationError(
            f"{ALLOW_PORTS} holds {text!r}, which is no port.",
            hint="Write numbers from 1 to 65535.",
        )
    return int(text)
