"""Failures as people and programs read them, and as the log does not."""

from __future__ import annotations

import logging

import pytest

from grantline.errors import AuthorizationDenied, TemporarilyUnavailable
from grantline.oauth.answers.failure import Failure, FailureKind
from grantline.server.accounts import Accounts
from grantline.server.errors import Problem
from tests.server.conftest import Site

SECRET = "a-token-that-nobody-may-read"


async def test_what_nobody_expected_is_one_sentence_and_no_secret(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Accounts) -> bool:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(Accounts, "has_owner", broken)
    with caplog.at_level(logging.ERROR):
        page = await site.get("/setup")

    assert page.status_code == 500
    assert "This is a fault in Grantline itself." in page.text
    assert SECRET not in page.text + caplog.text
    assert "RuntimeError at broken" in caplog.text
    reference = page.text.partition("The log has more under ")[2][:8]
    assert f"fault {reference} in /setup" in caplog.text


async def test_an_address_with_nothing_is_a_calm_page_that_leads_to_its_list(site: Site) -> None:
    page = await site.get("/connections/con_nothing/of/the/kind")

    assert page.status_code == 404
    assert "There is nothing at this address." in page.text
    assert "Sign out" in page.text
    assert '<a class="button" href="/connections">' in page.text


async def test_a_part_gets_its_error_as_a_notice(site: Site) -> None:
    part = await site.get("/nothing", headers={"HX-Request": "true"})

    assert part.status_code == 404
    assert part.headers["HX-Retarget"] == "#notices"
    assert "<html" not in part.text


async def test_a_part_asked_for_by_nobody_leads_the_page_to_sign_in(site: Site) -> None:
    part = await site.stranger.get("/settings/self-test", headers={"HX-Request": "true"})

    assert part.status_code == 401
    assert part.headers["HX-Redirect"] == "/sign-in"


async def test_what_was_said_is_said_once(site: Site) -> None:
    await site.post("/settings/sessions/end")

    assert "No other sessions ended." in (await site.get("/settings")).text
    assert "No other sessions ended." not in (await site.get("/settings")).text


async def test_a_forged_saying_is_text_or_nothing(site: Site) -> None:
    forged = site.new_browser(
        cookies={**dict(site.client.cookies), "grantline_said": "bm90IGpzb24="}
    )

    assert (await forged.get("/settings")).status_code == 200


def test_a_problem_quotes_the_server_and_marks_it() -> None:
    error = AuthorizationDenied("No.", error="access_denied", description="<b>not today</b>")

    problem = Problem.of(error)

    assert problem.quote == "access_denied: <b>not today</b>"
    assert problem.as_json()["server"]["error"] == "access_denied"
    assert problem.as_json()["code"] == "authorization_denied"


def test_our_own_name_for_a_failure_is_no_quote() -> None:
    own = TemporarilyUnavailable("Later.")
    theirs = TemporarilyUnavailable("Later.")
    theirs.failure = Failure(kind=FailureKind.TRANSIENT, error="server_error")

    assert Problem.of(own).quote == ""
    assert Problem.of(theirs).quote == "server_error"
