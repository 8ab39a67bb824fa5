"""Webhooks over HTTP: without a session, from anywhere, and nothing of them in a log."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.modules import Body, BodyKind, Module, Respond
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Webhook
from grantline.server import hooks
from tests.server.conftest import Site

PAGE = "<script>fetch('/connections')</script>"


async def an_address(site: Site, **respond: Any) -> str:
    does = Respond(**respond)
    scenario = Scenario(name="Hook", trigger=Webhook(), modules=(Module(id=1, does=does),))
    kept = await site.scenarios.create(LOCAL, scenario)
    await site.scenarios.set_active(LOCAL, kept.id, is_active=True)
    assert kept.hook_url_path is not None
    return kept.hook_url_path.reveal()


async def test_anybody_who_knows_the_address_is_heard_from_wherever_he_is(site: Site) -> None:
    body = Body(kind=BodyKind.JSON, json={"got": "{{ trigger.body.id }}"})
    address = await an_address(site, status="201", headers=(("X-A", "1"),), body=body)
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = await site.stranger.post(address, json={"id": 7}, headers=elsewhere)

    assert answer.status_code == 201
    assert answer.json() == {"got": 7}
    assert answer.headers["x-a"] == "1"
    assert "set-cookie" not in answer.headers


async def test_a_page_that_a_scenario_answers_with_is_in_a_sandbox(site: Site) -> None:
    loose = (("Content-Type", "text/html"), ("Content-Security-Policy", "default-src *"))
    address = await an_address(site, headers=loose, body=Body(kind=BodyKind.RAW, text=PAGE))
    answer = await site.client.get(address)

    assert answer.text == PAGE
    policy = answer.headers.get_list("content-security-policy")
    assert policy == ["default-src 'none'; sandbox; frame-ancestors 'none'"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
async def test_an_unknown_address_is_nothing_to_anybody(site: Site, method: str) -> None:
    answer = await site.stranger.request(method, "/hooks/" + "a" * 32)

    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_a_body_that_does_not_end_is_stopped_on_its_way(site: Site) -> None:
    address = await an_address(site)

    async def endless() -> Any:
        while True:
            yield b" " * 65536

    answer = await site.stranger.post(address, content=endless())

    assert answer.status_code == 413


async def test_a_body_that_stops_on_its_way_is_not_waited_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await an_address(site)
    monkeypatch.setattr(hooks, "SENT_WITHIN", timedelta())

    async def stuck() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    answer = await site.stranger.post(address, content=stuck())

    assert answer.status_code == 408


async def test_a_method_that_webhooks_do_not_use_is_refused(site: Site) -> None:
    address = await an_address(site)

    assert (await site.stranger.put(address, content=b"")).status_code == 405


async def test_the_address_is_in_no_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    address = await an_address(site, body=Body(kind=BodyKind.RAW, text="{{ trigger.body.id }}"))
    await site.stranger.post(address, json={"id": 7})
    await site.stranger.post(address, json={})
    secret = address.rpartition("/")[2]

    ours = [each for each in caplog.records if each.name.startswith(("grantline", "uvicorn"))]
    assert secret not in "".join(each.getMessage() for each in ours)


async def test_a_fault_behind_an_address_does_not_log_it(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(site.scenarios.hooks, "receive", fails)
    answer = await site.stranger.post("/hooks/s3cret-of-an-address")

    assert answer.status_code == 500
    assert "/hooks/...: RuntimeError" in caplog.text
    assert "s3cret-of-an-address" not in answer.text
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("grantline")]
    assert "s3cret-of-an-address" not in "".join(ours)
