"""The webhook of a scenario on the page of its trigger: how senders sign, and a new address."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest

from grantline.connections.connection import Actor
from grantline.connections.credentials.credential import Kind
from grantline.scenarios.definition.modules import Module, Sleep
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import (
    MANUAL,
    Schedule,
    Scheme,
    Signature,
    Trigger,
    Webhook,
)
from grantline.scenarios.kept import KeptScenario
from tests.connections.credential_values import new_credential
from tests.server.conftest import NAME, Site
from tests.server.page_form import PageForm

ACTOR = Actor(user=NAME)


async def kept(site: Site, trigger: Trigger) -> KeptScenario:
    given = Scenario(name="Orders", trigger=trigger, modules=(Module(id=1, does=Sleep()),))
    made = await site.scenarios.create(ACTOR, given)
    return await site.scenarios.set_active(ACTOR, made.id, is_active=True)


def path_of(scenario: KeptScenario) -> str:
    assert scenario.hook_url_path is not None
    return scenario.hook_url_path.reveal()


@pytest.mark.parametrize("scheme", Scheme)
async def test_each_way_to_sign_can_be_chosen(site: Site, scheme: Scheme) -> None:
    scenario = await kept(site, Webhook())
    key = await site.world.engine.credentials.create(ACTOR, new_credential(Kind.KEY, name="Secret"))
    path = f"/scenarios/{scenario.id}/trigger"
    form = PageForm((await site.get(path)).text, "trigger")
    await site.post(path, form.sent(signature=scheme.value, credential=key.id))
    found = (await site.scenarios.find(ACTOR, scenario.id)).scenario
    assert found.trigger == Webhook(signature=Signature(credential_id=key.id, scheme=scheme))
    again = PageForm((await site.get(path)).text, "trigger")
    assert again.sent()["signature"] == [scheme.value]


async def test_a_new_address_is_heard_and_the_old_one_stops_at_once(site: Site) -> None:
    old = await kept(site, Webhook())
    path = f"/scenarios/{old.id}/trigger"
    shown = await site.get(path)
    assert "The old address stops at once." in html.unescape(shown.text)
    answer = await site.post(PageForm(shown.text, "new-address").action)
    new = await site.scenarios.find(ACTOR, old.id)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert new == replace(old, hook_secret=new.hook_secret, updated_at=new.updated_at)
    assert path_of(new) not in str(answer.headers)
    page = await site.get(path)
    assert "The webhook has a new address." in page.text
    assert f'data-copy="{site.settings.public_url}{path_of(new)}"' in page.text
    assert path_of(old) not in page.text
    assert (await site.stranger.post(path_of(old), json={})).status_code == 404
    assert (await site.stranger.post(path_of(new), json={})).status_code == 202


async def test_a_form_that_was_open_meanwhile_is_saved_all_the_same(site: Site) -> None:
    scenario = await kept(site, Webhook())
    path = f"/scenarios/{scenario.id}/trigger"
    shown = (await site.get(path)).text
    await site.post(PageForm(shown, "new-address").action)
    form = PageForm(shown, "trigger")
    assert (await site.post(path, form.sent(answer_within="5 s"))).status_code == 303


async def test_only_our_own_pages_replace_an_address(site: Site) -> None:
    scenario = await kept(site, Webhook())
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    path = f"/scenarios/{scenario.id}/new-address"
    assert (await site.post(path, headers=elsewhere)).status_code == 403
    assert (await site.get(path)).status_code == 405
    assert path_of(await site.scenarios.find(ACTOR, scenario.id)) == path_of(scenario)


@pytest.mark.parametrize("trigger", [MANUAL, Schedule(cron="0 6 * * *")])
async def test_without_a_webhook_there_is_no_address_to_replace(
    site: Site, trigger: Trigger
) -> None:
    scenario = await kept(site, trigger)
    page = await site.get(f"/scenarios/{scenario.id}/trigger")
    assert PageForm(page.text, "new-address").action == ""
    assert "New address" not in page.text
