"""Which entry describes the service behind an app that was made by hand."""

import pytest

from grantline.providers.known_service import entry_for_host, is_shared_domain


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("accounts.google.com", "google"),
        ("oauth2.googleapis.com", "google"),
        ("login.microsoftonline.com", "microsoft"),
        ("www.dropbox.com", "dropbox"),
        ("notgoogle.com", None),
        ("google.com", None),
        ("", None),
    ],
)
def test_an_entry_is_found_by_the_host_of_its_endpoints(host: str, name: str | None) -> None:
    found = entry_for_host(host)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("domain", "shared"),
    [("zendesk.com", True), ("myshopify.com", True), ("googleapis.com", False), ("com", False)],
)
def test_a_domain_under_which_customers_get_names_is_shared(domain: str, *, shared: bool) -> None:
    assert is_shared_domain(domain) is shared
