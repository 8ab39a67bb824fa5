"""Base URL and path, template and values: the host stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.target import fill_template, join_target
from grantline.errors import EgressBlocked, InvalidInput
from grantline.url import parse_url


@pytest.mark.parametrize(
    ("base", "target", "joined"),
    [
        ("https://api.example", "/users", "https://api.example/users"),
        ("https://api.example/v1", "/users?page=2", "https://api.example/v1/users?page=2"),
        ("https://api.example/v1/", "users/1", "https://api.example/v1/users/1"),
        ("https://api.example/v1?old=1", "?page=2", "https://api.example/v1?page=2"),
        ("https://api.example/v1?a=1", "", "https://api.example/v1?a=1"),
        ("https://api.example/v1", "/a:b@c/..d", "https://api.example/v1/a:b@c/..d"),
        ("https://api.example", "/a?to=//x/../y", "https://api.example/a?to=//x/../y"),
        ("https://api.example", "https://cdn.example/x", "https://cdn.example/x"),
        ("", "https://cdn.example/x", "https://cdn.example/x"),
    ],
)
def test_a_path_stands_under_its_base(base: str, target: str, joined: str) -> None:
    assert join_target(base, target) == joined


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("//evil.example/x", "host_changed"),
        ("@evil.example/", "host_changed"),
        (":6379/", "host_changed"),
        (".evil.example/", "host_changed"),
        ("-evil.example/", "host_changed"),
        ("javascript:alert(1)", "host_changed"),
        ("#@evil.example", "host_changed"),
        ("/\\evil.example", "bad_character"),
        ("/../admin", "dot_segment"),
        ("/a/%2E%2e/admin", "dot_segment"),
        ("/a/.%2e", "dot_segment"),
        ("..", "dot_segment"),
        ("/a/./b", "dot_segment"),
        ("https:/evil.example", "host_changed"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(target: str, rule: str) -> None:
    with pytest.raises(EgressBlocked) as caught:
        join_target("https://api.example/v1", target)
    assert caught.value.rule == rule


@given(st.text().filter(lambda text: not text.lower().startswith("http")))
def test_no_relative_target_changes_the_origin(target: str) -> None:
    try:
        joined = parse_url(join_target("https://api.example/v1", target))
    except EgressBlocked:
        return
    assert joined.origin == "https://api.example"
    assert joined.path.startswith("/v1")


def test_a_template_takes_labels_in_the_host_and_segments_in_the_path() -> None:
    template = "https://{shop}.shops.example/api/{version}/{shop}?v={version}"
    filled = fill_template(template, {"shop": "my-shop", "version": "2026.1_a~b"})
    assert filled == "https://my-shop.shops.example/api/2026.1_a~b/my-shop?v=2026.1_a~b"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "evil.example/x?",
        "evil.example#",
        "a.b",
        "-a",
        "a-",
        "a" * 64,
        "a:80",
        "a@b",
        "%61",
        "\u00e4",
        "a\n",
    ],
)
def test_a_value_in_the_host_is_one_label(value: str) -> None:
    with pytest.raises(EgressBlocked) as caught:
        fill_template("https://{shop}.shops.example", {"shop": value})
    assert caught.value.rule == "variable_pattern"


@pytest.mark.parametrize("value", ["", "..", ".", "a/b", "a?b", "a#b", "%2e", "a b"])
def test_a_value_in_the_path_is_one_segment(value: str) -> None:
    with pytest.raises(EgressBlocked):
        fill_template("https://shops.example/{id}", {"id": value})


def test_a_profile_may_say_what_fits() -> None:
    patterns = {"domain": r"[a-z]+\.salesforce\.com"}
    template = "https://{domain}/token"
    filled = fill_template(template, {"domain": "login.salesforce.com"}, patterns)
    assert filled == "https://login.salesforce.com/token"
    with pytest.raises(EgressBlocked):
        fill_template(template, {"domain": "login.salesforce.com.evil.example"}, patterns)


def test_a_missing_value_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        fill_template("https://{shop}.shops.example", {})
    assert caught.value.field == "shop"
