"""Tokens over the API: consent, device codes, flows without a person, and the transcript."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from grantline.connections.connection import Connection
from grantline.oauth.app.settings import FlowType
from grantline.server.api.address import API_PREFIX
from tests.api.conftest import Api
from tests.connections.world import World
from tests.server.conftest import FROM_HERE


async def in_browser(api: Api, method: str, path: str, **more: Any) -> Any:
    """What the owner's browser gets, with its session and no key."""
    headers = {**FROM_HERE, **more.pop("headers", {})}
    return await api.site.client.request(method, API_PREFIX + path, headers=headers, **more)


async def test_a_session_begins_a_consent_and_sees_it_succeed(api: Api) -> None:
    await api.world.draft()

    begun = (await in_browser(api, "POST", "/connections/demo/authorize")).json()
    before = await api.get("/connections/demo/authorize")
    callback = urlsplit(api.world.server.approve(begun["url"]))
    await api.site.get(f"{callback.path}?{callback.query}")
    after = await api.get("/connections/demo/authorize")

    assert begun["opens"] == "service"
    assert begun["redirect_uri"].startswith(api.site.settings.public_url)
    assert before == {"state": "draft", "generation": begun["generation"], "failure": None}
    assert after["state"] == "authorized"
    assert after["generation"] > begun["generation"]


async def test_a_consent_that_was_refused_is_told_to_who_asks(api: Api) -> None:
    await api.world.draft()
    asked = {"scopes": ["profile"]}
    begun = (await in_browser(api, "POST", "/connections/demo/authorize", json=asked)).json()
    callback = urlsplit(api.world.server.deny(begun["url"]))
    await api.site.get(f"{callback.path}?{callback.query}")

    told = await api.get("/connections/demo/authorize")
    later = (api.world.clock.now() + timedelta(seconds=1)).isoformat()
    later_told = await api.get("/connections/demo/authorize", params={"since": later})

    assert told["failure"]["code"] == "authorization_denied"
    assert later_told["failure"] is None


async def test_a_key_is_led_to_the_page_where_a_person_begins(api: Api) -> None:
    found = await api.world.draft()

    begun = await api.post("/connections/demo/authorize")

    assert begun["opens"] == "grantline"
    assert begun["url"] == f"{api.site.settings.public_url}/connections/{found.id}"
    assert begun["expires_at"] is None


async def test_a_flow_without_a_browser_has_no_consent_to_begin(api: Api) -> None:
    await api.world.draft(flow=FlowType.CLIENT_CREDENTIALS)
    problem = await api.refused("POST", "/connections/demo/authorize")
    assert problem["field"] == "Flow type"
    assert (await in_browser(api, "POST", "/connections/demo/authorize")).status_code == 400


async def test_a_page_of_another_site_cannot_call_with_the_session(api: Api) -> None:
    await api.world.draft()
    from_elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = await in_browser(api, "POST", "/connections/demo/authorize", headers=from_elsewhere)
    assert answer.status_code == 403
    assert answer.json()["code"] == "cross_site"


async def test_tokens_are_obtained_where_no_person_is_needed(api: Api) -> None:
    await api.world.draft(flow=FlowType.CLIENT_CREDENTIALS)
    assert (await api.post("/connections/demo/obtain"))["state"] == "authorized"


async def test_an_access_token_is_given_to_who_insists(api: Api) -> None:
    found = await api.world.authorized()

    given = await api.post("/connections/demo/token", {"min_ttl_s": 60})

    assert set(given) == {"access_token", "expires_at"}
    assert given["access_token"] == await api.world.token(found)
    draft = await api.world.draft("draft")
    problem = await api.refused("POST", f"/connections/{draft.id}/token")
    assert problem["code"] == "not_authorized"


async def device(world: World) -> Connection:
    endpoint = world.server.device_authorization_uri
    return await world.draft(flow=FlowType.DEVICE, device_authorization_uri=endpoint)


async def test_a_device_code_is_shown_and_waited_for(api: Api) -> None:
    await device(api.world)

    begun = await api.post("/connections/demo/device")
    waiting = await api.get("/connections/demo/device")
    api.world.server.approve_device(begun["user_code"])
    too_early = await api.get("/connections/demo/device")
    api.world.clock.advance(timedelta(seconds=begun["interval_s"]))
    done = await api.get("/connections/demo/device")

    assert "device_code" not in begun
    assert waiting == too_early
    assert (waiting["status"], waiting["generation"]) == ("waiting", begun["generation"])
    assert (done["status"], done["problem"]) == ("authorized", None)
    assert done["generation"] > begun["generation"]
    assert (await api.get("/connections/demo"))["state"] == "authorized"
    assert await api.get("/connections/demo/device") == done


async def test_a_device_code_that_is_refused_says_why(api: Api) -> None:
    await device(api.world)
    begun = await api.post("/connections/demo/device")
    api.world.server.deny_device(begun["user_code"])
    api.world.clock.advance(timedelta(seconds=begun["interval_s"]))

    done = await api.get("/connections/demo/device")

    assert done["status"] == "failed"
    assert done["problem"]["code"] == "authorization_denied"


async def test_no_device_code_is_known_before_one_is_begun(api: Api) -> None:
    await device(api.world)
    assert (await api.refused("GET", "/connections/demo/device"))["code"] == "not_found"


async def test_the_transcript_is_listed_and_downloaded(api: Api) -> None:
    await api.world.authorized()

    lines = await api.get("/connections/demo/transcript")
    text = await api.call("GET", "/connections/demo/transcript.txt")

    assert [each["step"] for each in lines["items"]] == ["authorize", "callback", "token"]
    assert lines["items"][-1]["status"] == 200
    assert text.headers["content-type"].startswith("text/plain")
    assert text.headers["content-disposition"].startswith("attachment")
    assert "authorization_code" in text.text


async def test_the_history_names_what_happened(api: Api) -> None:
    await api.world.authorized()
    events = await api.get("/connections/demo/history", params={"limit": 5})
    kinds = [each["kind"] for each in events["items"]]
    assert kinds[-1] == "connection.created"
    everything = await api.get("/history")
    assert {each["kind"] for each in everything["items"]} >= {*kinds, "api_key.created"}


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01T00:00:00"])
async def test_since_is_an_instant(api: Api, since: str) -> None:
    await api.world.draft()
    problem = await api.refused("GET", f"/connections/demo/authorize?since={since}")
    assert problem["field"] == "since"
