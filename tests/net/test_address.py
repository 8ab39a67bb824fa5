"""The address table, with the embeddings that get around simpler ones."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.net.address import embedded, is_closed, parse_address, special_rule

DENIED_V4 = {
    "0.0.0.0/8": "ip_unspecified",
    "10.0.0.0/8": "ip_private",
    "100.64.0.0/10": "ip_cgnat",
    "127.0.0.0/8": "ip_loopback",
    "169.254.0.0/16": "ip_link_local",
    "172.16.0.0/12": "ip_private",
    "192.0.0.0/24": "ip_reserved",
    "192.0.2.0/24": "ip_reserved",
    "192.168.0.0/16": "ip_private",
    "198.18.0.0/15": "ip_reserved",
    "224.0.0.0/4": "ip_multicast",
    "240.0.0.0/4": "ip_reserved",
    "168.63.129.16/32": "ip_cloud_special",
}
EMBEDDINGS = {
    "nat64": lambda v4: (0x64FF9B << 96) | v4,
    "nat64 of one's own": lambda v4: (0x64FF9B0001 << 80) | v4,
    "compatible": lambda v4: v4,
    "translated": lambda v4: (0xFFFF << 48) | v4,
    "6to4": lambda v4: (0x2002 << 112) | (v4 << 80),
    "isatap": lambda v4: (0x26064700 << 96) | (0x5EFE << 32) | v4,
    "isatap, u bit": lambda v4: (0x26064700 << 96) | (0x02005EFE << 32) | v4,
    "teredo": lambda v4: (0x20010000 << 96) | (v4 ^ 0xFFFFFFFF),
}


@st.composite
def denied_v4(draw: st.DrawFn) -> tuple[IPv4Address, str]:
    network, rule = draw(st.sampled_from(sorted(DENIED_V4.items())))
    return IPv4Address(draw(st.ip_addresses(network=network))), rule


@given(denied_v4())
def test_every_address_of_a_denied_network_is_denied_also_as_a_mapped_one(
    given_address: tuple[IPv4Address, str],
) -> None:
    address, rule = given_address
    assert special_rule(address) == rule
    mapped = IPv6Address((0xFFFF << 32) | int(address))
    assert special_rule(mapped) == rule
    assert is_closed(mapped) == is_closed(address)
    assert parse_address(str(mapped)) == address


@pytest.mark.parametrize("embedding", EMBEDDINGS)
@given(denied_v4())
def test_every_denied_address_is_denied_in_each_embedding(
    embedding: str, given_address: tuple[IPv4Address, str]
) -> None:
    wrapped = IPv6Address(EMBEDDINGS[embedding](int(given_address[0])))
    assert special_rule(wrapped)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_a_public_address_inside_does_not_open_an_embedding(embedding: str) -> None:
    wrapped = IPv6Address(EMBEDDINGS[embedding](int(IPv4Address("8.8.8.8"))))
    assert special_rule(wrapped) == "ip_embedded_v4"
    assert IPv4Address("8.8.8.8") in embedded(wrapped)


@given(st.ip_addresses(v=6).filter(lambda each: each not in IPv6Network("2000::/3")))
def test_ipv6_outside_global_unicast_is_never_public(address: IPv6Address) -> None:
    mapped = address.ipv4_mapped
    assert special_rule(address) or (mapped is not None and not special_rule(mapped))


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "192.167.255.255",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2003::1",
        "2001:200::1",
    ],
)
def test_public_addresses_next_to_denied_ones_stay_public(text: str) -> None:
    assert special_rule(parse_address(text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:42::42",
        "fe80::1",
        "fe80::a9fe:a9fe",
        "0.0.0.0",
        "::",
        "::ffff:169.254.169.254",
    ],
)
def test_metadata_and_link_local_addresses_are_closed(text: str) -> None:
    assert is_closed(parse_address(text))
    assert special_rule(parse_address(text))


@pytest.mark.parametrize("text", ["10.0.0.1", "127.0.0.1", "fd00::1", "100.64.0.1", "8.8.8.8"])
def test_other_addresses_are_an_operators_choice(text: str) -> None:
    assert not is_closed(parse_address(text))


def test_a_zone_id_does_not_hide_an_address() -> None:
    assert special_rule(parse_address("fe80::1%eth0")) == "ip_link_local"
