"""The catalogue as a page."""

from __future__ import annotations

from html import unescape

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
        assert entry.console in text
        assert all(trap.what in text for trap in entry.traps[:1])


async def test_a_search_finds_by_title_and_by_host(site: Site) -> None:
    text = (await site.get("/providers?q=GOOGLEAPIS")).text
    assert "Connect Google" in text
    assert "Connect Slack" not in text


async def test_what_the_catalogue_lacks_can_be_connected_all_the_same(site: Site) -> None:
    text = (await site.get("/providers?q=nowhere")).text
    assert "has nothing for “nowhere”" in text
    assert 'href="/connections/new"' in text
