"""The operator's settings, and what they can and cannot open."""

from ipaddress import ip_address

import pytest

from grantline.errors import ConfigurationError, EgressBlocked
from grantline.net.guard import (
    ALLOW_HOSTS,
    ALLOW_PORTS,
    POLICY,
    PUBLIC_INTERNET,
    EgressPolicy,
    check_address,
    check_answers,
    check_url,
    split_setting,
)
from grantline.url import parse_url


def refusal(text: str, policy: EgressPolicy) -> EgressBlocked:
    with pytest.raises(EgressBlocked) as caught:
        check_url(parse_url(text), policy)
    return caught.value


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("localhost", "http://localhost:9000/"),
        ("127.0.0.1", "http://127.0.0.1:9000/"),
        ("::1", "http://[::1]:9000/"),
        ("[::1]", "http://[::1]:9000/"),
        ("10.0.0.0/8", "http://10.1.2.3/"),
        ("fd00::/8", "https://[fd00::5]/"),
        ("auth.internal", "https://auth.internal/"),
        ("*.corp.example", "http://a.b.corp.example/"),
        ("keycloak", "http://keycloak:8080/"),
        ("K\u00d6LN.example", "http://xn--kln-sna.example/"),
    ],
)
def test_an_allowed_entry_opens_its_host_also_for_plain_http(entry: str, url: str) -> None:
    check_url(parse_url(url), EgressPolicy.parse(allow_hosts=[entry]))
    assert refusal(url, PUBLIC_INTERNET).setting == ALLOW_HOSTS


@pytest.mark.parametrize(
    "entry",
    [
        "10.0.0.1/8",
        "10.0.0.0/33",
        "http://a.example",
        "a.example:80",
        "a b",
        "*",
        "",
        "0x7f.1",
        "10.0.0.999",
        "a..b",
        "*.*.example",
        "user@host",
        "a,b",
    ],
)
def test_an_entry_that_cannot_be_read_stops_the_start_and_is_named(entry: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        EgressPolicy.parse(allow_hosts=["ok.example", entry])
    assert repr(entry) in caught.value.message
    assert ALLOW_HOSTS in caught.value.message


@pytest.mark.parametrize("entry", ["0", "65536", "http", "-1", "8.0", "\u0663"])
def test_a_port_that_is_none_stops_the_start(entry: str) -> None:
    with pytest.raises(ConfigurationError, match=ALLOW_PORTS):
        EgressPolicy.parse(allow_ports=[entry])


OPEN = EgressPolicy.parse(
    allow_hosts=["0.0.0.0/0", "::/0", "*.internal", "metadata.google.internal", "evil.example"]
)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "https://[fe80::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://100.100.100.200/",
        "https://168.63.129.16/",
        "https://[fd00:ec2::254]/",
        "https://metadata.google.internal/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://0.0.0.0/",
    ],
)
def test_no_setting_opens_metadata_or_link_local(url: str) -> None:
    error = refusal(url, OPEN)
    assert error.setting == ""
    assert "no setting allows it" in str(error).lower()


def test_an_allowed_name_may_lead_to_private_addresses_but_not_to_metadata() -> None:
    policy = EgressPolicy.parse(allow_hosts=["keycloak.corp.example"])
    host = "keycloak.corp.example"
    assert check_answers(host, ["10.0.0.5"], policy) == [ip_address("10.0.0.5")]
    with pytest.raises(EgressBlocked) as caught:
        check_answers(host, ["10.0.0.5", "169.254.169.254"], policy)
    assert caught.value.rule == "ip_link_local"
    with pytest.raises(EgressBlocked):
        check_answers("other.example", ["10.0.0.5"], policy)


def test_one_bad_answer_condemns_the_name() -> None:
    with pytest.raises(EgressBlocked) as caught:
        check_answers("evil.example", ["93.184.216.34", "::1"], PUBLIC_INTERNET)
    assert (caught.value.rule, caught.value.address) == ("ip_loopback", "::1")
    assert "evil.example" in caught.value.message


def test_a_refusal_says_what_to_set() -> None:
    error = refusal("https://10.0.0.5/", PUBLIC_INTERNET)
    assert (error.rule, error.address, error.setting) == ("ip_private", "10.0.0.5", ALLOW_HOSTS)
    assert f"sets {ALLOW_HOSTS} to include 10.0.0.5" in error.hint


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://localhost/", "host_denied"),
        ("https://intranet/", "host_denied"),
        ("https://x.home.arpa/", "host_denied"),
        ("https://api.default.svc.cluster.local/", "host_denied"),
        ("https://metadata/", "host_denied"),
        ("http://api.example/", "plaintext"),
        ("https://api.example:22/", "blocked_port"),
        ("https://api.example:9200/", "blocked_port"),
    ],
)
def test_by_default_only_https_to_public_names_on_http_ports_passes(url: str, rule: str) -> None:
    assert refusal(url, PUBLIC_INTERNET).rule == rule


def test_a_port_can_be_opened_by_name_of_the_setting_in_the_refusal() -> None:
    assert refusal("https://api.example:9200/", PUBLIC_INTERNET).setting == ALLOW_PORTS
    policy = EgressPolicy.parse(allow_ports=["9200"])
    check_url(parse_url("https://api.example:9200/"), policy)


def test_denied_hosts_and_own_addresses_win_over_everything_allowed() -> None:
    policy = EgressPolicy.parse(
        allow_hosts=["10.0.0.0/8", "203.0.113.9", "a.example"],
        denied_hosts=["a.example", "10.9.0.0/16"],
        own_addresses=["203.0.113.9"],
    )
    assert refusal("https://a.example/", policy).rule == "host_denied"
    assert refusal("https://10.9.1.1/", policy).rule == "host_denied"
    assert refusal("https://203.0.113.9/", policy).rule == "self_connection"
    check_url(parse_url("https://10.8.1.1/"), policy)


def test_opening_a_nat64_prefix_opens_public_addresses_only() -> None:
    policy = EgressPolicy.parse(allow_hosts=["64:ff9b::/96"])
    check_address(ip_address("64:ff9b::808:808"), policy, host="x.example")
    with pytest.raises(EgressBlocked) as caught:
        check_address(ip_address("64:ff9b::7f00:1"), policy, host="x.example")
    assert caught.value.rule == "ip_loopback"


def test_plain_http_can_be_allowed_for_fewer_hosts_than_private_addresses() -> None:
    policy = EgressPolicy.parse(
        allow_hosts=["a.internal", "b.internal"], allow_plain=["a.internal"]
    )
    check_url(parse_url("http://a.internal/"), policy)
    assert refusal("http://b.internal/", policy).rule == "plaintext"


def test_a_setting_is_split_at_commas() -> None:
    assert split_setting(" a.example , 10.0.0.0/8,, ") == ("a.example", "10.0.0.0/8")


def test_a_hosted_installation_opens_nothing_private() -> None:
    policy = EgressPolicy.parse(allow_hosts=["status.example"], hosted=True)
    check_url(parse_url("http://status.example/"), policy)
    with pytest.raises(EgressBlocked):
        check_address(ip_address("10.0.0.1"), policy, host="status.example")
    for url in ("https://10.0.0.1/", "https://db.internal/"):
        assert refusal(url, policy).setting == POLICY
    assert refusal("http://other.example/", policy).setting == ALLOW_HOSTS


@pytest.mark.parametrize("entry", ["10.0.0.0/8", "127.0.0.1", "db.internal", "localhost", "*.lan"])
def test_a_hosted_installation_with_a_private_place_on_its_list_does_not_start(entry: str) -> None:
    with pytest.raises(ConfigurationError, match=POLICY):
        EgressPolicy.parse(allow_hosts=[entry], hosted=True)


@pytest.mark.parametrize("hosted", [True, False])
def test_no_policy_opens_a_metadata_service(*, hosted: bool) -> None:
    listed = [] if hosted else ["169.254.0.0/16", "metadata.google.internal"]
    policy = EgressPolicy.parse(allow_hosts=listed, hosted=hosted)
    assert refusal("https://169.254.169.254/", policy).rule == "ip_link_local"
    assert refusal("https://metadata.google.internal/", policy).rule == "host_denied"
