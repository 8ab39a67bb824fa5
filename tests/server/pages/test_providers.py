"""The catalogue as a page."""

from __future__ import annotations

from html import unescape

import pytest

from grantline.connections.apps.catalogue import settings_of
from grantline.providers.catalogue import profile, profile_names
from grantline.server.pages.list_pages import PER_PAGE
from tests.server.conftest import Site


async def test_every_entry_has_its_console_its_note_and_a_button(site: Site) -> None:
    last = -(-len(profile_names()) // PER_PAGE)
    pages = [(await site.get(f"/providers?page={n}")).text for n in range(1, last + 1)]
    text = unescape("".join(pages))
    for name in profile_names():
        entry = profile(name)
        assert f'href="/connections/new?provider={name}"' in text
        assert f'href="/providers/{name}"' in text
        assert "{" in entry.console or entry.console in text
        assert all(trap.what in text for trap in entry.traps[:1])


async def test_a_search_finds_by_title_and_by_host(site: Site) -> None:
    text = (await site.get("/providers?q=GOOGLEAPIS")).text
    assert "Connect Google" in text
    assert "Connect Slack" not in text


async def test_what_the_catalogue_lacks_can_be_connected_all_the_same(site: Site) -> None:
    text = (await site.get("/providers?q=nowhere")).text
    assert "has nothing for “nowhere”" in text
    assert 'href="/connections/new"' in text


@pytest.mark.parametrize("name", ["slack", "microsoft", "google-sheets"])
async def test_an_entry_shows_all_that_is_known_of_its_service(site: Site, name: str) -> None:
    entry = profile(name)
    text = unescape((await site.get(f"/providers/{name}")).text)

    told = (*entry.steps, *entry.scopes, *entry.scopes.values(), *entry.hosts)
    assert [each for each in told if each not in text] == []
    assert [each for each in entry.documentation if f'href="{each}"' not in text] == []
    for trap in entry.traps:
        assert trap.what in text
        assert trap.next in text
    assert f'href="/connections/new?provider={name}"' in text
    assert [
        each.label for each in settings_of(entry, client_id="").inputs if each.help not in text
    ] == []


async def test_an_entry_that_is_not_there_is_said(site: Site) -> None:
    answer = await site.get("/providers/nobody")
    assert answer.status_code == 404
    assert "has no provider named" in answer.text
