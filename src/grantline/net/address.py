"""Which IP addresses are not the public internet, and why: our own table.

``ipaddress.is_global`` is no rule for this: it says yes to 64:ff9b::7f00:1 (NAT64 of 127.0.0.1),
2002:7f00:1:: (6to4 of the same), 224.0.0.1 and Azure's host service 168.63.129.16, and changes
between Python versions. Each row here has its source; the registries are IANA's special-purpose
address registries (RFC 6890, RFC 8190).
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address

# The first row that holds an address names the rule, so narrow rows stand before wide ones.
_SPECIAL: Final = tuple(
    (ip_network(network), rule)
    for network, rule in (
        ("0.0.0.0/8", "ip_unspecified"),  # RFC 791: "this network"; 0.0.0.0 reaches loopback
        ("10.0.0.0/8", "ip_private"),  # RFC 1918
        ("100.64.0.0/10", "ip_cgnat"),  # RFC 6598
        ("127.0.0.0/8", "ip_loopback"),  # RFC 1122
        ("168.63.129.16/32", "ip_cloud_special"),  # Azure's host service, on every virtual machine
        ("169.254.0.0/16", "ip_link_local"),  # RFC 3927
        ("172.16.0.0/12", "ip_private"),  # RFC 1918
        ("192.0.0.0/24", "ip_reserved"),  # RFC 6890: protocol assignments
        ("192.0.2.0/24", "ip_reserved"),  # RFC 5737: documentation
        ("192.31.196.0/24", "ip_reserved"),  # RFC 7535: AS112
        ("192.52.193.0/24", "ip_reserved"),  # RFC 7450: AMT relays
        ("192.88.99.0/24", "ip_reserved"),  # RFC 7526: 6to4 relays, withdrawn
        ("192.168.0.0/16", "ip_private"),  # RFC 1918
        ("192.175.48.0/24", "ip_reserved"),  # RFC 7534: AS112
        ("198.18.0.0/15", "ip_reserved"),  # RFC 2544: benchmarks
        ("198.51.100.0/24", "ip_reserved"),  # RFC 5737: documentation
        ("203.0.113.0/24", "ip_reserved"),  # RFC 5737: documentation
        ("224.0.0.0/4", "ip_multicast"),  # RFC 5771
        ("240.0.0.0/4", "ip_reserved"),  # RFC 1112: class E; holds the broadcast address
        ("::/128", "ip_unspecified"),  # RFC 4291
        ("::1/128", "ip_loopback"),  # RFC 4291
        ("::/96", "ip_embedded_v4"),  # RFC 4291: IPv4-compatible, withdrawn
        ("::ffff:0:0:0/96", "ip_embedded_v4"),  # RFC 2765: IPv4-translated
        ("64:ff9b::/96", "ip_embedded_v4"),  # RFC 6052: NAT64, whatever address is inside
        ("64:ff9b:1::/48", "ip_embedded_v4"),  # RFC 8215: NAT64 of one's own network
        ("fc00::/7", "ip_private"),  # RFC 4193
        ("fe80::/10", "ip_link_local"),  # RFC 4291
        ("fec0::/10", "ip_private"),  # RFC 3879: site-local, withdrawn
        ("ff00::/8", "ip_multicast"),  # RFC 4291
        ("2001::/32", "ip_embedded_v4"),  # RFC 4380: Teredo
        ("2001::/23", "ip_reserved"),  # RFC 2928: protocol assignments
        ("2001:db8::/32", "ip_reserved"),  # RFC 3849: documentation
        ("2002::/16", "ip_embedded_v4"),  # RFC 3056: 6to4
        ("2620:4f:8000::/48", "ip_reserved"),  # RFC 7534: AS112
        ("3fff::/20", "ip_reserved"),  # RFC 9637: documentation
    )
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")  # RFC 4291; all the rest is unassigned

# Closed whatever the operator allows: who reads a machine's metadata gets its credentials.
_CLOSED: Final = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/32",  # an alias of whatever listens here
        "100.96.0.96/32",  # Volcano Engine metadata
        "100.100.100.200/32",  # Alibaba Cloud metadata
        "168.63.129.16/32",  # Azure's host service
        "169.254.0.0/16",  # link-local; metadata of AWS, Azure, Google, Oracle, DigitalOcean, ...
        "192.0.0.192/32",  # Oracle Cloud classic metadata
        "::/128",
        "fd00:42::42/128",  # Scaleway metadata
        "fd00:a9fe:a9fe::1/128",  # Linode metadata
        "fd00:c1::a9fe:a9fe/128",  # Oracle Cloud metadata
        "fd00:ec2::/32",  # AWS: metadata ::254, DNS ::253, time ::123, pod identity ::23
        "fd20:ce::254/128",  # Google Cloud metadata
        "fe80::/10",
    )
)

_ISATAP_MASK: Final = 0xFDFF_FFFF  # RFC 5214 section 6.1: the "u" bit may be set or not
_ISATAP: Final = 0x0000_5EFE


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address:
    """The address that ``text`` is; an IPv4-mapped one becomes the IPv4 address it stands for.

    Raises:
        ValueError: ``text`` is no address.
    """
    return unmapped(ip_address(text.partition("%")[0]))


def unmapped(address: Address) -> Address:
    """``address``, or the IPv4 address inside an IPv4-mapped one (RFC 4291 section 2.5.5.2).

    To the kernel both are the same place, so both must be the same to every check.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def special_rule(address: Address) -> str:
    """The rule that keeps ``address`` out of reach, or an empty string for a public address."""
    address = unmapped(address)
    for network, rule in _SPECIAL:
        if address in network:
            return rule
    if isinstance(address, IPv6Address):
        if address not in _GLOBAL_UNICAST:
            return "ip_reserved"
        if int(address) >> 32 & _ISATAP_MASK == _ISATAP:
            return "ip_embedded_v4"
    return ""


@lru_cache(maxsize=4096)
def is_closed(address: Address) -> bool:
    """Whether no setting opens ``address``: link-local, or a cloud's metadata service."""
    address = unmapped(address)
    return any(address in network for network in _CLOSED)


def embedded(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that a translator or a tunnel finds in ``address``."""
    if not isinstance(address, IPv6Address) or special_rule(address) != "ip_embedded_v4":
        return ()
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    return (IPv4Address(int(address) & 0xFFFF_FFFF),)
