"""Who is told: chosen on a page, tried at once, kept from what somebody else saved meanwhile."""

from __future__ import annotations

import asyncio
import html
import re

from grantline.connections.engine import LOCAL
from tests.recorder import Arrived, Recorder, answer, recorder
from tests.server.conftest import Site

HERE = "/settings/notifications"


async def took(_arrived: Arrived, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(204, b""))


async def refused(_arrived: Arrived, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(500, b"not today"))


async def shown(site: Site) -> str:
    return html.unescape((await site.get(HERE)).text)


def version_in(text: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', text)
    assert found is not None
    return found[1]


async def told_by(site: Site, hooks: Recorder) -> None:
    form = {"version": version_in(await shown(site)), "webhook_url": hooks.url("/told")}
    assert (await site.post(HERE, form)).status_code == 303


async def test_the_settings_lead_there_and_nobody_is_told_at_first(site: Site) -> None:
    assert HERE in (await site.get("/settings")).text
    text = await shown(site)
    assert "No mail server is set up." in text
    assert "<button disabled>" in text


async def test_addresses_and_a_webhook_are_kept_with_a_secret_that_is_made(site: Site) -> None:
    form = {
        "version": version_in(await shown(site)),
        "mails": ["ada@example.com", "grace@example.com, joan@example.com"],
        "webhook_url": "https://hooks.example.com/told",
    }
    assert (await site.post(HERE, form)).headers["location"] == HERE
    kept = (await site.scenarios.notices.settings(LOCAL)).recipients
    assert kept.mails == ("ada@example.com", "grace@example.com", "joan@example.com")
    assert kept.webhook_secret is not None
    text = await shown(site)
    assert 'value="grace@example.com"' in text
    assert kept.webhook_secret.reveal() in text

    # Kept when nothing is typed, and made anew when that is asked for.
    again = {**form, "version": version_in(text)}
    await site.post(HERE, again)
    same = (await site.scenarios.notices.settings(LOCAL)).recipients
    assert same.webhook_secret == kept.webhook_secret
    await site.post(HERE, {**again, "version": version_in(await shown(site)), "new_secret": "on"})
    new = (await site.scenarios.notices.settings(LOCAL)).recipients
    assert new.webhook_secret != kept.webhook_secret


async def test_what_is_wrong_names_its_field_and_nothing_typed_is_lost(site: Site) -> None:
    for field, typed, label in (
        ("mails", "ada@", "Mail to"),
        ("webhook_url", "https://hooks.example.com:99999/", "Webhook URL"),
        ("webhook_secret", "tiny-one", "Webhook secret"),
    ):
        form = {"version": "0", "webhook_url": "https://hooks.example.com/", field: typed}
        answered = await site.post(HERE, form)
        text = html.unescape(answered.text)
        assert answered.status_code == 400, field
        assert f"#field-{label.lower().replace(' ', '-')}" in text, field
        assert (typed in text) is (field != "webhook_secret"), field


async def test_what_somebody_else_saved_meanwhile_is_not_overwritten(site: Site) -> None:
    before = version_in(await shown(site))
    await site.post(HERE, {"version": before, "mails": "ada@example.com"})
    late = await site.post(HERE, {"version": before, "mails": "grace@example.com"})
    assert late.status_code == 409
    assert "Somebody saved other recipients meanwhile." in late.text
    assert "replaces theirs: ada@example.com." in late.text
    assert 'value="grace@example.com"' in late.text
    kept = (await site.scenarios.notices.settings(LOCAL)).recipients
    assert kept.mails == ("ada@example.com",)


async def test_a_test_says_what_became_of_it(site: Site) -> None:
    async with recorder(took) as hooks:
        await told_by(site, hooks)
        answered = await site.post(f"{HERE}/test", headers={"HX-Request": "true"})
        assert "Webhook: the receiver took it." in answered.text
        assert len(hooks.arrived) == 1
        assert hooks.arrived[0].header("webhook-signature").startswith("v1,")
    async with recorder(refused) as hooks:
        await told_by(site, hooks)
        whole = html.unescape((await site.post(f"{HERE}/test")).text)
        assert "<title>Notifications" in whole
        assert "500" in whole


async def test_a_test_to_nobody_says_so(site: Site) -> None:
    assert "Nobody is told yet." in (await site.post(f"{HERE}/test")).text


async def test_whoever_saw_what_others_saved_may_save_over_it(site: Site) -> None:
    before = version_in(await shown(site))
    await site.post(HERE, {"version": before, "mails": "ada@example.com"})
    late = await site.post(HERE, {"version": before, "mails": "grace@example.com"})
    now = {"version": version_in(late.text), "mails": "grace@example.com"}
    assert (await site.post(HERE, now)).status_code == 303
    kept = (await site.scenarios.notices.settings(LOCAL)).recipients
    assert kept.mails == ("grace@example.com",)
