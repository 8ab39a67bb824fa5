"""Creating the owner, signing in, staying so, and how fast anybody may guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from grantline.connections.engine import LOCAL
from grantline.secret import Secret
from tests.server.conftest import FROM_HERE, NAME, PASSWORD, SETTINGS, Site, a_site

SIGN_IN = {"name": NAME, "password": PASSWORD}
WRONG = {"name": NAME, "password": "not the password"}
NEW = {"name": "eve", "password": "another password", "again": "another password"}


async def test_whoever_created_the_account_is_signed_in(site: Site) -> None:
    answer = await site.get("/settings")

    assert answer.status_code == 200
    assert "Sign out" in answer.text


async def test_the_owner_is_whom_the_command_line_acts_for(site: Site) -> None:
    """What was made in the terminal is the owner's in the browser too."""
    store = site.world.engine.context.store
    user = store.find_user(NAME)
    assert user is not None
    assert (user.workspace, user.id) == (LOCAL.workspace, LOCAL.user)


async def test_nothing_but_a_hash_of_password_and_session_is_kept(site: Site) -> None:
    token = site.client.cookies["grantline"]
    kept = b"".join(path.read_bytes() for path in site.world.folder.iterdir() if path.is_file())

    assert PASSWORD.encode() not in kept
    assert token.encode() not in kept


async def test_every_page_leads_to_set_up_first(tmp_path: Path) -> None:
    async with a_site(tmp_path, set_up=False) as site:
        for path in ("/", "/connections", "/sign-in"):
            answer = await site.get(path, follow_redirects=True)
            assert answer.request.url.path == "/setup"


async def test_a_second_owner_is_refused(site: Site) -> None:
    answer = await site.stranger.post("/setup", data=NEW)

    assert answer.status_code == 409
    assert (await site.stranger.get("/setup")).headers["location"] == "/sign-in"


async def test_of_many_set_ups_at_once_one_is_taken(tmp_path: Path) -> None:
    async with a_site(tmp_path, set_up=False) as site:
        answers: list[int] = []

        async def set_up(number: int) -> None:
            form = {**NEW, "name": f"person {number}"}
            answers.append((await site.new_browser().post("/setup", data=form)).status_code)

        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(set_up, number)
        assert sorted(answers) == [303, *[409] * 7]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "short", "again": "short"}, "it needs 10 or more"),
        ({"again": "something else"}, "The two passwords differ."),
        ({"name": "  "}, "The name needs 1 to 64 characters."),
        ({"password": "x" * 2000, "again": "x" * 2000}, "longer than 1024"),
    ],
)
async def test_a_form_that_is_wrong_comes_back_with_what_was_typed(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    async with a_site(tmp_path, set_up=False) as site:
        answer = await site.post("/setup", {**NEW, **changes})

        assert answer.status_code == 422
        assert said in answer.text
        assert "another password" not in answer.text


async def test_set_up_from_elsewhere_needs_the_code_of_the_terminal(tmp_path: Path) -> None:
    settings = replace(SETTINGS, setup_token=Secret("from-the-terminal"))
    async with a_site(tmp_path, set_up=False, settings=settings) as site:
        assert "Set-up code" in (await site.get("/setup")).text
        assert (await site.post("/setup", NEW)).status_code == 422
        assert (await site.post("/setup", {**NEW, "token": "guess"})).status_code == 422

        answer = await site.post("/setup", {**NEW, "token": "from-the-terminal"})
        assert answer.status_code == 303


async def test_a_stranger_is_led_to_the_sign_in_page_and_back(site: Site) -> None:
    answer = await site.stranger.get("/settings?x=y")
    assert answer.headers["location"] == "/sign-in?next=/settings%3Fx%3Dy"

    form = {"name": f" {NAME.upper()} ", "password": PASSWORD, "next": "/settings?x=y"}
    answer = await site.stranger.post("/sign-in", data=form)

    assert answer.status_code == 303  # never 307: it would post the password on (A23)
    assert answer.headers["location"] == "/settings?x=y"
    assert (await site.stranger.get("/settings")).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/.//evil.example",
        "javascript:",
    ],
)
async def test_signing_in_leads_nowhere_else(site: Site, target: str) -> None:
    answer = await site.stranger.post("/sign-in", data={**SIGN_IN, "next": target})

    assert answer.headers["location"] == "/connections"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    cookie = (await site.stranger.post("/sign-in", data=SIGN_IN)).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


@pytest.mark.parametrize("form", [WRONG, {**SIGN_IN, "name": "nobody"}, {}])
async def test_which_of_name_and_password_is_wrong_is_not_said(
    site: Site, form: dict[str, str]
) -> None:
    answer = await site.stranger.post("/sign-in", data=form)

    assert answer.status_code == 401
    assert "The name or the password is not right." in answer.text
    assert "set-cookie" not in answer.headers


async def test_ten_wrong_passwords_close_an_account_for_a_while(site: Site) -> None:
    for _ in range(10):
        assert (await site.stranger.post("/sign-in", data=WRONG)).status_code == 401

    answer = await site.stranger.post("/sign-in", data=SIGN_IN)
    assert answer.status_code == 429
    assert "Try again in 15 min." in answer.text

    site.world.clock.advance(timedelta(minutes=15))
    assert (await site.stranger.post("/sign-in", data=SIGN_IN)).status_code == 303


async def test_one_address_cannot_try_many_names(site: Site) -> None:
    answers = [
        (await site.stranger.post("/sign-in", data={"name": f"n{number}"})).status_code
        for number in range(51)
    ]

    assert answers == [*[401] * 50, 429]


async def test_a_session_ends_after_thirty_idle_days(site: Site) -> None:
    for _ in range(3):
        site.world.clock.advance(timedelta(days=29))
        assert (await site.get("/settings")).status_code == 200

    site.world.clock.advance(timedelta(days=30))
    assert (await site.get("/settings")).status_code == 303


async def test_a_session_that_was_signed_out_is_dead(site: Site) -> None:
    token = site.client.cookies["grantline"]
    assert (await site.post("/sign-out")).status_code == 303

    with_the_old_token = site.new_browser(cookies={"grantline": token})
    assert (await with_the_old_token.get("/settings")).status_code == 303


async def test_a_new_password_ends_all_other_sessions(site: Site) -> None:
    await site.stranger.post("/sign-in", data=SIGN_IN)
    form = {"current": PASSWORD, "new": "a longer password", "again": "a longer password"}

    assert (await site.post("/settings/password", form)).status_code == 303

    assert (await site.get("/settings")).status_code == 200
    assert (await site.stranger.get("/settings")).status_code == 303
    signing_in = site.stranger.post("/sign-in", data=SIGN_IN, headers=FROM_HERE)
    assert (await signing_in).status_code == 401


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"current": "not it"}, "This is not the current password."),
        ({"new": "short", "again": "short"}, "it needs 10 or more"),
        ({"again": "something else"}, "The two new passwords differ."),
    ],
)
async def test_a_password_is_not_changed_by_a_wrong_form(
    site: Site, changes: dict[str, str], said: str
) -> None:
    form = {"current": PASSWORD, "new": "a longer password", "again": "a longer password"}

    answer = await site.post("/settings/password", {**form, **changes})

    assert answer.status_code == 422
    assert said in answer.text
    assert (await site.stranger.post("/sign-in", data=SIGN_IN)).status_code == 303
