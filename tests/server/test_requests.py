"""The pages of requests: the form, running it, saving it, and what is never lost."""

from __future__ import annotations

from tests.server.conftest import Site


async def test_the_empty_list_teaches_the_next_step(site: Site) -> None:
    answer = await site.get("/requests")
    assert "No saved requests yet" in answer.text
    answer = await site.get("/requests/new")
    assert answer.status_code == 200, answer.text
    assert "Will be sent" in answer.text
    connection = await site.world.authorized()
    fields = {"authentication": "oauth", "connection": connection.id, "method": "GET", "url": "/me"}
    for path in ("preview", "code", "code?reveal=yes", "run", "save"):
        answer = await site.post(f"/requests/{path}", fields, headers={"HX-Request": "true"})
    for path in ("/requests", "/history"):
        answer = await site.get(path)
