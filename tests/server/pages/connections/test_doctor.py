"""The connection's page as a doctor: what is wrong, from what that is known, and what helps."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from grantline.connections.connection import Connection
from grantline.connections.consent.consents import ACCOUNT_CHANGED
from grantline.connections.engine import LOCAL
from grantline.store.open import DATABASE_FILE
from grantline.store.schema.columns import EPOCH, microseconds
from grantline.testing.authorization_server import Answer, Replace, ServerOptions
from grantline.testing.clock import FakeClock
from tests.server.conftest import Site, a_site
from tests.server.test_callback import answer_path, begun


def set_row(site: Site, connection: Connection, **columns: Any) -> None:
    """Makes the row what weeks of use would have made of it."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    with sqlite3.connect(site.world.folder / DATABASE_FILE) as database:
        statement = f"UPDATE connection SET {names} WHERE id = :id"
        database.execute(statement, {**columns, "id": connection.id})


async def page_of(site: Site, connection: Connection) -> str:
    return unescape((await site.get(f"/connections/{connection.id}")).text)


async def test_a_redirect_uri_that_differs_is_shown_twice_with_the_difference_marked(
    site: Site,
) -> None:
    found = await site.world.draft()
    url = await begun(site, found)
    theirs = site.settings.redirect_uri(found.app.settings).replace("127.0.0.1", "grantline.old")
    said = {"error": "redirect_uri_mismatch", "error_description": f"registered is {theirs}"}
    site.world.server.script("token", Replace(Answer.json(said, status=400)))
    back = await site.get(answer_path(site.world.server.approve(url)))
    text = unescape((await site.get(back.headers["location"])).text)
    assert "The redirect URI is not the registered one" in text
    assert "http://<mark>127.0.0.1</mark>:8080/oauth" in text
    assert "http://<mark>grantline.old</mark>:8080/oauth" in text


async def test_no_refresh_token_names_the_parameter_that_is_missing(tmp_path: Path) -> None:
    async with a_site(tmp_path, options=ServerOptions(omit_refresh_token=True)) as site:
        found = await site.world.authorized(scopes=("profile", "offline_access"))
        text = await page_of(site, found)
    assert "The service gave no refresh token" in text
    assert "prompt=consent" in text


async def test_another_account_than_before_is_told(site: Site) -> None:
    found = await site.world.authorized()
    context = site.world.engine.context
    changed = {"before": "ann@example.com", "after": "bob@example.com"}
    event = context.event(LOCAL, ACCOUNT_CHANGED, found.id, changed)
    await context.stored(context.store.add_event, event)
    set_row(site, found, account_label="bob@example.com")
    text = await page_of(site, found)
    assert "It is another account now" in text
    assert "ann@example.com" in text


async def test_an_end_after_a_week_points_at_what_the_catalogue_knows(
    site: Site,
) -> None:
    google = "https://accounts.google.com/o/oauth2/v2/auth"
    found = await site.world.draft(authorize_uri=google)
    week_ago = microseconds(site.world.clock.now() - timedelta(days=7) - EPOCH)
    dead = {"state": "reauthorization_required", "cause": "grant_dead", "authorized_at": week_ago}
    set_row(site, found, **dead)
    text = await page_of(site, found)
    assert "The connection ends after seven days" in text
    assert "Publish the app" in text


async def test_a_connection_that_has_ended_promises_no_renewal_and_no_request(site: Site) -> None:
    found = await site.world.authorized()
    before = await page_of(site, found)
    set_row(site, found, state="reauthorization_required", cause="grant_dead")
    after = await page_of(site, found)

    for promise in ("then renewed", "By itself, with a refresh token", "Make a request"):
        assert promise in before
        assert promise not in after
    assert "Not before it is authorized again" in after


@pytest.mark.parametrize("path", ["", "/transcript", "/transcript.txt"])
async def test_clocks_that_differ_are_told_and_the_transcript_has_the_date(
    site: Site, path: str
) -> None:
    # The service dates its answers by the machine's clock, and ours stands still.
    found = await site.world.authorized()
    answer = await site.get(f"/connections/{found.id}{path}")
    assert ("The clocks disagree" if not path else "GMT") in unescape(answer.text)
    if path.endswith("txt"):
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert site.world.server.client.client_secret not in answer.text


async def test_the_doctors_page_tells_what_may_fail_and_asks_the_service_on_demand(
    site: Site,
) -> None:
    found = await site.world.draft(base_url="https://10.0.0.1/api")
    text = unescape((await site.get(f"/connections/{found.id}/doctor")).text)
    assert "1 thing needs you" in text
    assert "It is not authorized" in text
    assert "10.0.0.1" not in text.partition('aria-label="Findings"')[2]
    asked = unescape((await site.post(f"/connections/{found.id}/doctor")).text)
    assert "3 things need you" in asked
    assert "The address may not be reached" in asked


async def test_a_connection_that_is_well_is_said_to_be(tmp_path: Path) -> None:
    async with a_site(tmp_path, clock=FakeClock(datetime.now(UTC))) as site:
        found = await site.world.authorized()
        text = unescape((await site.post(f"/connections/{found.id}/doctor")).text)
    assert "All is well" in text
    assert "1 things" not in text
