"""A copy says on every page that it renews nothing, and the API says it with a code."""

from grantline.connections.keeping.quarantine import RESUME, examine_copy
from tests.server.conftest import Site


async def test_every_page_says_that_nothing_is_renewed(site: Site) -> None:
    assert "Renewing tokens is off" not in (await site.get("/connections")).text
    context = site.world.engine.context
    context.store.settle("file:another", "")
    context.quarantine = examine_copy(context.store, "")
    for path in ("/connections", "/requests", "/history", "/settings"):
        page = (await site.get(path)).text
        assert "Renewing tokens is off" in page
        assert "This database was copied" in page
        assert RESUME in page
