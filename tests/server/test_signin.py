"""Creating the owner, signing in, and staying so."""

from __future__ import annotations

from tests.server.conftest import NAME, PASSWORD, Site


async def test_whoever_created_the_account_is_signed_in(site: Site) -> None:
    answer = await site.get("/connections")

    assert answer.status_code == 200
    assert "Sign out" in answer.text
    assert NAME in answer.text


async def test_a_stranger_is_led_to_the_sign_in_page_and_back(site: Site) -> None:
    answer = await site.stranger.get("/connections?state=failing")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/connections%3Fstate%3Dfailing"

    form = {"name": NAME.upper(), "password": PASSWORD, "next": "/connections?state=failing"}
    answer = await site.stranger.post("/sign-in", data=form)
    assert answer.headers["location"] == "/connections?state=failing"
    assert (await site.stranger.get("/connections")).status_code == 200
