"""Host lists that are too narrow or too wide, as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from grantline.connections.doctor.diagnosis import Facts, Severity
from grantline.connections.doctor.host_causes import host_causes, service_origins
from grantline.oauth.app.app_rules import IdentityRules
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.providers.catalogue import profile

SETTINGS = AppSettings(
    client_id="client",
    token_uri="https://auth.example/token",
    base_url="https://api.example.com/v1",
)
FACTS = Facts(
    settings=SETTINGS,
    flow=FlowType.AUTHORIZATION_CODE,
    now=datetime(2026, 3, 9, tzinfo=UTC),
    hosts=("api.example.com",),
)


@pytest.mark.parametrize(
    ("hosts", "codes"),
    [
        (("api.example.com",), []),
        (("*.example.com",), ["hosts_wide"]),
        ((), ["no_hosts"]),
        (("other.example.com",), ["host_not_listed"]),
        (("api.example.com", "*.zendesk.com"), ["hosts_of_others"]),
        (("api.example.com", "*.github.io"), ["hosts_of_others"]),
        (("api.example.com", "*.co.uk"), ["hosts_of_others"]),
    ],
)
def test_a_list_is_as_narrow_as_it_can_be(hosts: tuple[str, ...], codes: list[str]) -> None:
    found = list(host_causes(replace(FACTS, hosts=hosts)))
    assert [each.code for each in found] == codes
    assert all(each.next_steps for each in found)


def test_a_wildcard_that_the_catalogue_has_is_no_finding() -> None:
    entry = replace(profile("google"), hosts=("*.example.com",))
    assert list(host_causes(replace(FACTS, hosts=("*.example.com",), entry=entry))) == []


def test_the_identity_url_needs_its_host_too() -> None:
    identity = IdentityRules(url="https://id.example.com/me")
    (found,) = host_causes(replace(FACTS, settings=replace(SETTINGS, identity=identity)))
    assert found.next_steps[0].startswith("Add id.example.com ")


def test_saved_requests_that_will_be_refused_are_named() -> None:
    asked = (("good", "api.example.com"), *((f"bad {n}", "else.example") for n in range(7)))
    (found,) = host_causes(replace(FACTS, asked_hosts=asked))
    assert found.code == "request_host_not_listed"
    assert found.severity is Severity.WARNING
    said = dict(found.evidence)["Saved requests"]
    assert said.startswith("bad 0 (else.example), ")
    assert said.endswith("bad 4 (else.example) and 2 more")


def test_the_servers_of_a_service_are_those_that_get_secrets() -> None:
    settings = replace(SETTINGS, refresh_uri="https://auth.example/refresh")
    assert service_origins(settings) == ("https://auth.example", "https://api.example.com")
    assert service_origins(replace(SETTINGS, base_url="https://{shop}.example.com")) == (
        "https://auth.example",
    )
