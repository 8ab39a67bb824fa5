from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from grantline.scenarios.notices.wording import content_of, mail_of
from grantline.store.records.notices import Change, Subject

NOW = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
URL = "https://grantline.example"


def a_change(**changes: Any) -> Change:
    plain: dict[str, Any] = {
        "workspace": "home",
        "subject": Subject.CONNECTION,
        "subject_id": "con_1",
        "name": "Mail",
        "is_well": False,
    }
    return Change(**(plain | changes))


@pytest.mark.parametrize(
    ("change", "kind", "title", "message", "path"),
    [
        (
            a_change(cause="grant_dead", scenarios=("Invoices", "Orders")),
            "connection.reauthorization_required",
            "Connection “Mail” must be authorized again",
            (
                "The connection “Mail” cannot be used until somebody authorizes it again. The "
                "service does not accept its grant any more: it ended, was revoked, or was "
                "replaced by a newer one. Runs of scenarios that use it wait until then: "
                "“Invoices”, “Orders”."
            ),
            "/connections/con_1",
        ),
        (
            a_change(is_well=True),
            "connection.well",
            "Connection “Mail” works again",
            "The connection “Mail” can be used again. Runs that waited for it go on.",
            "/connections/con_1",
        ),
        (
            a_change(
                subject=Subject.SCENARIO, subject_id="scn_1", run_id="srn_1", cause="upstream_error"
            ),
            "scenario.failing",
            "Scenario “Mail” fails",
            (
                "A run of the scenario “Mail” failed (upstream_error). The next notice about it "
                "comes when a run succeeds again."
            ),
            "/scenarios/runs/srn_1",
        ),
        (
            a_change(subject=Subject.SCENARIO, subject_id="scn_1", is_well=True),
            "scenario.well",
            "Scenario “Mail” works again",
            "A run of the scenario “Mail” succeeded again.",
            "/scenarios/scn_1",
        ),
    ],
)
def test_a_change_in_words(change: Change, kind: str, title: str, message: str, path: str) -> None:
    content = content_of(change, at=NOW, public_url=URL)

    assert content["type"] == kind
    assert content["timestamp"] == "2026-11-29T12:30:00Z"
    assert content["data"]["title"] == title
    assert content["data"]["message"] == message
    assert content["data"]["url"] == URL + path
    assert content["data"]["id"] == change.subject_id


def test_a_mail_says_the_same_with_the_link_in_a_line_of_its_own() -> None:
    subject, text = mail_of(content_of(a_change(is_well=True), at=NOW, public_url=URL))

    assert subject == "Connection “Mail” works again"
    assert text == (
        "The connection “Mail” can be used again. Runs that waited for it go on.\n\n"
        "https://grantline.example/connections/con_1\n\n"
        "-- \nGrantline, 2026-11-29T12:30:00Z\n"
    )


def test_without_a_public_address_there_is_no_link() -> None:
    content = content_of(a_change(), at=NOW, public_url="")

    assert "url" not in content["data"]
    assert "http" not in mail_of(content)[1]


def test_a_name_is_one_line_of_bounded_length() -> None:
    content = content_of(a_change(name="a\r\nBcc: eve\n" + "x" * 200), at=NOW, public_url=URL)

    assert content["data"]["name"].startswith("a Bcc: eve xxx")
    assert len(content["data"]["name"]) == 100
    assert "\n" not in mail_of(content)[0]
