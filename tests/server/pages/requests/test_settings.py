"""The folded settings: read as typed, counted, and the request that they mean."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.pagination import Pagination, PaginationType, ParameterPlace
from grantline.calls.query import ArrayStyle
from grantline.calls.request import RequestSpec
from grantline.errors import InvalidInput
from grantline.messages import AddressFamily, TlsVersion
from grantline.server.pages.requests.settings import RequestSettings

EVERYTHING = RequestSpec(
    url="https://api.example/",
    array_style=ArrayStyle.INDEXED,
    compress=True,
    accept_compressed=False,
    follow_redirects=False,
    timeout=timedelta(seconds=2.5),
    connect_timeout=timedelta(seconds=3),
    minimum_tls=TlsVersion.TLS_1_3,
    address_family=AddressFamily.IPV6,
    parse_response=False,
    fail_on=("404", "5xx"),
    retry=RetryPolicy(
        attempts=5,
        within=timedelta(seconds=60),
        statuses=("503",),
        methods=("POST",),
        first_wait=timedelta(seconds=2.5),
        longest_wait=timedelta(minutes=1),
    ),
    pagination=Pagination(
        type=PaginationType.TOKEN,
        items="data.items",
        parameter="after",
        place=ParameterPlace.BODY,
        start=0,
        size=50,
        size_parameter="first",
        next="data.cursor",
        total="data.total",
        total_pages="data.pages",
        more="data.more",
        max_pages=9,
    ),
)


def test_every_setting_of_a_request_is_shown_and_read_back() -> None:
    shown = RequestSettings.of(EVERYTHING)
    assert RequestSpec(url=EVERYTHING.url, **shown.spec_fields()) == EVERYTHING
    assert replace(EVERYTHING, **RequestSettings.typed(sent(shown)).spec_fields()) == EVERYTHING
    usual = RequestSettings()
    for each in fields(RequestSettings):
        if each.name not in {"fail_on_status", "page_start"}:
            assert getattr(shown, each.name) != getattr(usual, each.name), each.name


def sent(settings: RequestSettings) -> dict[str, str]:
    """What a browser sends of the form that shows ``settings``."""
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    return {
        name: "on" if value is True else str(value)
        for name, value in values.items()
        if value is not False
    }


def test_the_defaults_are_what_most_requests_want_and_count_as_unchanged() -> None:
    usual = RequestSettings()
    assert usual.changed == 0
    assert RequestSettings.of(RequestSpec(url="/")) == replace(usual, fail_on_status=False)
    assert usual.spec_fields()["fail_on"] == ("4xx", "5xx")
    assert RequestSettings(timeout="9", retries=True, page_type="page").changed == 2
    assert RequestSettings.typed({}).compressed is False


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"timeout": "0"}, "Timeout"),
        ({"timeout": "301"}, "Timeout"),
        ({"timeout": "soon"}, "Timeout"),
        ({"connect_timeout": "-1"}, "Connect timeout"),
        ({"fail_on": "600"}, "Error statuses"),
        ({"retries": True, "retry_attempts": "1"}, "Attempts"),
        ({"retries": True, "retry_attempts": "11"}, "Attempts"),
        ({"retries": True, "retry_within": "x"}, "Within"),
        ({"retries": True, "retry_statuses": "6xx"}, "Retried statuses"),
        ({"page_type": "token"}, "Next path"),
        ({"page_type": "page", "page_start": "first"}, "Start"),
        ({"page_type": "page", "page_size": "0"}, "Page size"),
        ({"page_type": "page", "page_max": ""}, "Pages at most"),
        ({"page_type": "page", "page_items": "a..b"}, "Items path"),
    ],
)
def test_what_is_wrong_names_its_field(changes: dict[str, object], label: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        RequestSettings(**changes).spec_fields()  # type: ignore[arg-type]
    assert caught.value.field == label


def test_what_is_switched_off_is_not_judged() -> None:
    odd = RequestSettings(
        retry_attempts="x", fail_on="x", fail_on_status=False, page_max="x", page_next=".."
    )
    assert odd.spec_fields()["retry"] is None
