"""The callback: every case of the corpus through the real endpoint, and what people see then."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from grantline.connections.connection import Connection
from grantline.connections.consent.callback_path import callback_path
from grantline.connections.context import fingerprint
from grantline.connections.engine import LOCAL
from grantline.connections.state import State
from grantline.oauth.app.settings import FlowType
from grantline.testing.corpus.cases import Row, load_rows
from grantline.testing.corpus.token_rows import app_settings, state_age
from tests.server.conftest import FROM_HERE, Site, a_site

CORPUS = Path(__file__).parents[1] / "data" / "corpus"
ROWS = [
    row
    for path in sorted(CORPUS.glob("*token_cases.jsonl"))
    for row in load_rows(path)
    if row["endpoint"] == "authorize_callback"
]


async def binding_of(site: Site) -> str:
    """What the owner's session binds a consent to."""
    token = site.client.cookies["grantline"]
    return f"session {token}"


async def begun(site: Site, connection: Connection, **changes: Any) -> str:
    """The authorize URL of a consent that the owner began in a browser."""
    given = {"binding": await binding_of(site), "public_url": site.settings.public_url, **changes}
    return (await site.world.engine.consents.begin(LOCAL, connection.id, **given)).url


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def answer_path(callback: str) -> str:
    parts = urlsplit(callback)
    return f"{parts.path}?{parts.query}"


@pytest.fixture
async def draft(site: Site) -> Connection:
    """A connection that waits for its first consent."""
    return await site.world.draft()


# --- the corpus ----------------------------------------------------------------------------------


def by_id(row: Row) -> str:
    return str(row["id"])


@pytest.mark.parametrize("row", ROWS, ids=by_id)
async def test_a_callback_comes_out_as_its_case_expects(row: Row, tmp_path: Path) -> None:
    async with a_site(tmp_path) as site:
        arrived = await Arrival.of(site, row)
        page = await arrived.bring()

        expected, told = row["expect"], site.world.server.journal.at("token")
        if expected["outcome"] == "token":
            assert [each.incoming.parameters["code"] for each in told] == [
                expected["fields"]["code"]
            ]
            return
        assert told == []
        # Consents are deleted with their connection, so nobody knows the state any more.
        forgotten = {"connection_deleted": "state_mismatch"}
        error = expected["fields"]["error"]
        error = forgotten.get(error, error)
        if error == "state_used":
            assert page.request.url.path == f"/connections/{arrived.connection.id}/result"
            return
        assert error in page.text


class Arrival:
    """One row, ready to be brought by a browser."""

    def __init__(self, site: Site, row: Row, connection: Connection, url: str) -> None:
        self.site, self.row, self.connection = site, row, connection
        self.state = query_of(url)["state"]
        context = row["context"]
        self.path = callback_path(connection.app.settings)
        if context.get("connection_path") == "other":
            self.path = self.path[:-4] + "0000"
        self.browser = site.stranger if context["session"] is None else site.client

    @classmethod
    async def of(cls, site: Site, row: Row) -> Arrival:
        context, world = row["context"], site.world
        connection = await world.draft(
            issuer=context["expected_iss"],
            expect_iss=context["iss_supported"],
            response=app_settings(context).response,
        )
        other = {"binding": "of another session"} if context["session"] == "other" else {}
        arrival = cls(site, row, connection, await begun(site, connection, **other))
        world.clock.advance(state_age(context))
        if context.get("state_used"):
            store = world.engine.context.store
            store.take_pending(fingerprint(arrival.state), world.clock.now())
        if context.get("connection") == "deleted":
            await world.engine.delete(LOCAL, connection.id)
        return arrival

    async def bring(self) -> httpx2.Response:
        """The page that a browser shows in the end."""
        answer = (self.row["body"] or "").replace("st_1", self.state)
        if self.row["context"]["method"] == "POST":
            answer = await self._bounced(answer)
        elif not answer or answer.startswith("#"):
            answer = await self._from_the_fragment(answer)
        else:
            return await self._followed(await self.browser.get(f"{self.path}?{answer}"))
        sent = {"answer": answer}
        path = self.path.replace("callback", "complete")
        return await self._followed(await self.browser.post(path, data=sent, headers=FROM_HERE))

    async def _bounced(self, answer: str) -> str:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://as.example", **form}
        page = await self.site.stranger.post(self.path, content=answer, headers=elsewhere)
        assert page.status_code == 200
        assert 'data-handover="form"' in page.text
        return answer

    async def _from_the_fragment(self, fragment: str) -> str:
        page = await self.browser.get(self.path)
        assert 'data-handover="fragment"' in page.text
        return fragment.removeprefix("#")

    async def _followed(self, answer: httpx2.Response) -> httpx2.Response:
        assert answer.status_code == 303
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "code=" not in answer.headers["Location"]
        assert self.state not in answer.headers["Location"]
        page = await self.browser.get(answer.headers["Location"])
        assert self.state not in page.text
        return page


# --- people --------------------------------------------------------------------------------------


async def test_a_consent_ends_at_a_clean_address(site: Site, draft: Connection) -> None:
    url = await begun(site, draft)

    answer = await site.get(answer_path(site.world.server.approve(url)))

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/connections/{draft.id}/result"
    assert answer.headers["cache-control"] == "no-store"
    assert (await site.world.find(draft)).state is State.AUTHORIZED


async def test_a_reload_of_the_callback_shows_what_was_shown_before(
    site: Site, draft: Connection
) -> None:
    callback = answer_path(site.world.server.approve(await begun(site, draft)))
    first = await site.get(callback)

    again = await site.get(callback)

    assert again.headers["location"] == first.headers["location"]
    assert site.world.server.journal.count("token") == 1


async def test_a_no_is_told_in_the_services_words(site: Site, draft: Connection) -> None:
    callback = site.world.server.deny(await begun(site, draft))

    page = await site.get(answer_path(callback), follow_redirects=True)

    assert "access_denied" in page.text
    assert f"/connections/{draft.id}" in page.text
    assert "data-close-window" in page.text


async def test_what_went_wrong_is_shown_to_the_session_it_happened_in_alone(
    site: Site, draft: Connection
) -> None:
    query = urlsplit(site.world.server.approve(await begun(site, draft))).query
    elsewhere = callback_path(draft.app.settings)[:-4] + "0000"
    told = (await site.get(f"{elsewhere}?{query}")).headers["location"]

    assert "context_mismatch" in (await site.get(told)).text
    assert (await site.stranger.get(told)).status_code == 404
    site.world.clock.advance(timedelta(minutes=11))
    assert (await site.get(told)).status_code == 404


async def test_markup_in_the_services_words_is_text(site: Site, draft: Connection) -> None:
    state = query_of(await begun(site, draft))["state"]
    answer = f"error=x&error_description=<img src=y>&state={state}&iss={site.world.server.issuer}"

    page = await site.get(f"{callback_path(draft.app.settings)}?{answer}", follow_redirects=True)

    assert "<img src=y>" not in page.text
    assert "&lt;img src=y&gt;" in page.text


async def test_an_answer_on_the_shared_path_needs_an_app_that_asked_for_it(site: Site) -> None:
    """COAT: who may choose the path must not be the one who sends the answer."""
    shared = site.settings.shared_redirect_uri
    own, asked = await site.world.draft(), await site.world.draft("asked", redirect_uri=shared)

    uninvited = site.world.server.approve(await begun(site, own))
    invited = site.world.server.approve(await begun(site, asked))

    page = await site.get(f"/oauth/callback?{urlsplit(uninvited).query}", follow_redirects=True)
    assert "context_mismatch" in page.text
    answer = await site.get(answer_path(invited))
    assert answer.headers["location"] == f"/connections/{asked.id}/result"


async def test_an_implicit_answer_is_posted_once_from_our_own_page(site: Site) -> None:
    draft = await site.world.draft(flow=FlowType.IMPLICIT, pkce="off")
    state = query_of(await begun(site, draft))["state"]
    path = callback_path(draft.app.settings)
    page = await site.get(path)
    assert f'action="{path.replace("callback", "complete")}"' in page.text
    assert "handover.js" in page.text

    fragment = f"access_token=by-fragment&token_type=Bearer&state={state}"
    fragment += f"&iss={site.world.server.issuer}"
    answer = await site.post(path.replace("callback", "complete"), {"answer": fragment})

    assert answer.headers["location"] == f"/connections/{draft.id}/result"
    assert await site.world.token(draft) == "by-fragment"


async def test_another_site_cannot_hand_an_answer_over(site: Site, draft: Connection) -> None:
    callback = site.world.server.approve(await begun(site, draft))
    path = urlsplit(callback).path.replace("callback", "complete")
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://as.example"}

    form = {"answer": urlsplit(callback).query}
    answer = await site.client.post(path, data=form, headers=elsewhere)

    assert answer.status_code == 403
    assert site.world.server.journal.count("token") == 0


async def test_a_posted_answer_is_not_read_beyond_its_limit(site: Site, draft: Connection) -> None:
    answer = await site.client.post(callback_path(draft.app.settings), content=b"x" * 70_000)

    assert answer.status_code == 413
