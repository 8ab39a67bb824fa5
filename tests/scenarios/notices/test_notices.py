"""Notices from the change to the peer: a mail server and an HTTP server that others speak to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from grantline.connections.connection import Actor
from grantline.connections.engine import LOCAL
from grantline.connections.settings import Settings
from grantline.errors import ConnectionChanged, InvalidInput, MailRefused, TransportFailed
from grantline.messages import Headers
from grantline.scenarios.definition.triggers import Scheme, Signature
from grantline.scenarios.notices.notices import Notices
from grantline.scenarios.notices.recipients import RecipientsEdit
from grantline.scenarios.notices.telling import wait_after
from grantline.scenarios.triggers.webhook import refusal_of
from grantline.secret import Secret
from grantline.store.records.audit import Event
from grantline.store.records.connections import Health
from grantline.store.records.notices import Channel
from tests.connections.world import World, environment
from tests.mailbox import Mailbox, a_mailbox
from tests.recorder import Arrived, Recorder, answer, recorder
from tests.records import a_scenario
from tests.run_records import SEALS, a_scenario_run

DEAD = Health(state="reauthorization_required", cause="grant_dead", explanation="…")
WELL = Health(state="authorized")
SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
CANARY = "what-a-service-said-4711"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class House:
    """An installation that tells people, and the two peers that hear."""

    world: World
    notices: Notices
    box: Mailbox
    hooks: Recorder

    async def turn(self) -> None:
        """One turn of the loop that a serving process makes."""
        await self.notices.telling.look()
        while await self.notices.telling.send_due():
            pass

    async def tell_everybody(self) -> None:
        await self.notices.edit(
            LOCAL,
            RecipientsEdit(
                mails=("ada@example.com",),
                webhook_url=self.hooks.url("/told"),
                webhook_secret=SECRET,
            ),
        )

    def be(self, connection_id: str, health: Health) -> None:
        store = self.world.engine.context.store
        generation = store.load_connection(LOCAL.workspace, connection_id).generation
        event = self.world.engine.context.event(LOCAL, "test", connection_id)
        assert store.save_health(connection_id, generation, health, event)

    def events(self, subject: str) -> list[Event]:
        found = self.world.engine.context.store.list_events(LOCAL.workspace, subject)
        return [each for each in found if each.kind.startswith("notice.")]


def notices_of(world: World, port: int) -> Notices:
    more = {
        "GRANTLINE_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "GRANTLINE_MAIL_FROM": "grantline@example.com",
        "GRANTLINE_PUBLIC_URL": "https://grantline.example/",
    }
    settings = Settings.from_environment(environment(world.folder, **more))
    return Notices(world.engine.context, settings)


@asynccontextmanager
async def a_house(world: World, *answers: bytes) -> AsyncIterator[House]:
    """A house whose webhook answers so, one after the other; with one answer, always so."""
    played = answers if len(answers) > 1 else answers[0] if answers else answer(204, b"")
    async with a_mailbox() as box, recorder(played) as hooks:
        yield House(world, notices_of(world, box.port), box, hooks)


def headers_of(request: Arrived) -> Headers:
    pairs = (line.partition(":") for line in request.lines)
    return tuple((name, value.strip()) for name, _, value in pairs)


async def test_a_connection_that_wants_its_person_is_told_once_and_so_is_that_it_is_well(
    world: World,
) -> None:
    connection = await world.authorized("Mail box")
    async with a_house(world) as house:
        await house.tell_everybody()
        await house.turn()
        assert not house.box.mails

        house.be(connection.id, DEAD)
        for _ in range(3):
            await house.turn()
        house.be(connection.id, WELL)
        for _ in range(3):
            await house.turn()

    dead, well = house.box.mails
    assert dead["Subject"] == "Connection “Mail box” must be authorized again"
    assert dead["To"] == "ada@example.com"
    assert dead["From"] == "Grantline <grantline@example.com>"
    assert f"https://grantline.example/connections/{connection.id}" in dead.get_content()
    assert well["Subject"] == "Connection “Mail box” works again"
    told = [json.loads(each.body) for each in house.hooks.arrived]
    assert [each["type"] for each in told] == [
        "connection.reauthorization_required",
        "connection.well",
    ]
    assert told[0]["data"]["id"] == connection.id
    assert [each.kind for each in house.events(connection.id)] == ["notice.sent"] * 4


async def test_a_webhook_can_check_who_told_it(world: World) -> None:
    connection = await world.authorized()
    async with a_house(world) as house:
        await house.tell_everybody()
        house.be(connection.id, DEAD)
        await house.turn()

    (request,) = house.hooks.arrived
    standard = Signature(credential_id="", scheme=Scheme.STANDARD)
    now = world.clock.now()
    assert request.target == "/told"
    assert request.header("content-type") == "application/json"
    assert refusal_of(standard, SECRET, headers_of(request), request.body, now=now) is None
    assert refusal_of(standard, Secret("other"), headers_of(request), request.body, now=now)


async def test_a_scenario_is_told_once_when_it_fails_and_once_when_it_is_well(
    world: World,
) -> None:
    store = world.engine.context.store
    made = world.engine.context.event(LOCAL, "scenario.created", "scn_1")
    store.add_scenario(a_scenario(workspace=LOCAL.workspace, name="Orders"), [], made)
    async with a_house(world) as house:
        await house.tell_everybody()
        for number, state in enumerate(("failed", "failed", "succeeded", "succeeded", "failed")):
            run = a_scenario_run(
                id=f"srn_{number}",
                workspace=LOCAL.workspace,
                state=state,
                cause="schedule",
                ended_at=world.clock.now() + number * HOUR,
                error_code="upstream_error" if state == "failed" else "",
                error_message=CANARY,
            )
            store.add_scenario_run(run, SEALS)
            await house.turn()

    subjects = [each["Subject"] for each in house.box.mails]
    assert subjects == [
        "Scenario “Orders” fails",
        "Scenario “Orders” works again",
        "Scenario “Orders” fails",
    ]
    assert "https://grantline.example/scenarios/runs/srn_0" in house.box.mails[0].get_content()
    # Names and states leave the house; what a service or a mapping said does not.
    assert CANARY not in "".join(each.get_content() for each in house.box.mails)
    assert CANARY.encode() not in b"".join(each.body for each in house.hooks.arrived)


async def test_who_is_told_later_hears_of_later_changes_only(world: World) -> None:
    connection = await world.authorized()
    async with a_house(world) as house:
        house.be(connection.id, DEAD)
        await house.turn()
        await house.tell_everybody()
        await house.turn()
        assert not house.box.mails

        house.be(connection.id, WELL)
        await house.turn()

    assert [each["Subject"] for each in house.box.mails] == ["Connection “demo” works again"]


async def test_what_does_not_go_out_is_tried_again_later_under_the_same_id(world: World) -> None:
    connection = await world.authorized()
    async with a_house(world, answer(500), answer(302, b"", "Location: /x"), answer(200)) as house:
        await house.tell_everybody()
        house.box.replies += ["451 not now"]
        house.be(connection.id, DEAD)
        await house.turn()
        assert (len(house.box.mails), len(house.hooks.arrived)) == (0, 1)

        await house.turn()
        assert len(house.hooks.arrived) == 1, "before its time it is not tried again"
        world.clock.advance(MINUTE)
        await house.turn()
        world.clock.advance(MINUTE)
        await house.turn()
        assert len(house.hooks.arrived) == 2, "the second wait is longer"
        world.clock.advance(MINUTE)
        await house.turn()
        world.clock.advance(24 * HOUR)
        await house.turn()

    assert len(house.box.mails) == 1
    assert len({each.header("webhook-id") for each in house.hooks.arrived}) == 1
    assert len({each.header("webhook-timestamp") for each in house.hooks.arrived}) == 3
    assert [each.kind for each in house.events(connection.id)] == ["notice.sent"] * 2


async def test_what_does_not_go_out_for_a_day_is_given_up_and_noted(world: World) -> None:
    connection = await world.authorized()
    async with a_house(world, answer(500)) as house:
        await house.notices.edit(LOCAL, RecipientsEdit(webhook_url=house.hooks.url()))
        house.be(connection.id, DEAD)
        tries = 0
        while not house.events(connection.id):
            await house.turn()
            world.clock.advance(HOUR)
            tries += 1
            assert tries <= 26

    (event,) = house.events(connection.id)
    assert event.kind == "notice.given_up"
    assert event.data["code"] == "upstream_error"
    assert event.data["about"] == "connection.reauthorization_required"
    assert event.data["attempts"] == 25
    assert "127.0.0.1" in event.data["message"]


async def test_a_process_that_dies_before_sending_leaves_it_to_the_next(world: World) -> None:
    connection = await world.authorized()
    store = world.engine.context.store
    async with a_house(world) as house:
        await house.tell_everybody()
        house.be(connection.id, DEAD)
        # What was found is noted together with what is to be sent; then the process dies.
        assert await house.notices.telling.look() == 1
        # The next one takes the notices, and dies over them as well.
        assert len(store.claim_notices(10, timedelta(minutes=2))) == 2
        third = notices_of(world, house.box.port)
        assert await third.telling.look() == 0
        assert await third.telling.send_due() == 0

        world.clock.advance(2 * MINUTE)
        assert await third.telling.send_due() == 2
        assert await third.telling.send_due() == 0

    assert len(house.box.mails) == len(house.hooks.arrived) == 1


async def test_a_notice_that_fails_as_nobody_foresaw_holds_up_no_other_and_is_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connection = await world.authorized()
    async with a_house(world) as house:
        await house.tell_everybody()
        house.be(connection.id, DEAD)

        def break_off(*_: object) -> NoReturn:
            raise RuntimeError(CANARY)

        monkeypatch.setattr("grantline.scenarios.notices.sending.mail_of", break_off)
        await house.turn()
        assert len(house.hooks.arrived) == 1
        world.clock.advance(timedelta(days=1))
        await house.turn()

    assert len(house.hooks.arrived) == 1
    sent, given_up = sorted(house.events(connection.id), key=lambda each: each.kind, reverse=True)
    assert (sent.kind, given_up.kind) == ("notice.sent", "notice.given_up")
    assert given_up.data["code"] == "module_failed"
    assert "RuntimeError at break_off" in caplog.text
    assert CANARY not in caplog.text + str(given_up)


async def test_recipients_that_are_gone_are_told_nothing(world: World) -> None:
    connection = await world.authorized()
    async with a_house(world) as house:
        await house.tell_everybody()
        house.be(connection.id, DEAD)
        await house.notices.telling.look()
        await house.notices.edit(LOCAL, RecipientsEdit(mails=(), webhook_url=""))
        await house.turn()

    assert not house.box.mails
    assert not house.hooks.arrived
    assert [each.kind for each in house.events(connection.id)] == ["notice.given_up"] * 2


async def test_recipients_are_sealed_and_guarded_by_their_version(world: World) -> None:
    async with a_house(world) as house:
        first = await house.notices.settings(LOCAL)
        assert (first.version, first.recipients.mails, first.can_mail) == (0, (), True)
        second = await house.notices.edit(
            LOCAL, RecipientsEdit(mails=("ada@example.com",), webhook_url=house.hooks.url())
        )
        assert second == await house.notices.settings(LOCAL)
        assert second.recipients.webhook_secret is not None
        with pytest.raises(ConnectionChanged):
            await house.notices.edit(LOCAL, RecipientsEdit(mails=()), version=first.version)
        elsewhere = await house.notices.settings(Actor("elsewhere", "eve"))
        assert elsewhere.recipients.mails == ()

    row = world.engine.context.store.load_notice_settings(LOCAL.workspace)
    assert row is not None
    assert "ada@example.com" not in row.sealed_recipients
    events = world.engine.context.store.list_events(LOCAL.workspace, "notices")
    assert [dict(each.data) for each in events] == [{"mails": 1, "webhook": True}]


async def test_trying_says_of_each_channel_what_became_of_it(world: World) -> None:
    async with a_house(world) as house:
        assert await house.notices.send_test(LOCAL) == ()
        await house.tell_everybody()
        mail, hook = await house.notices.send_test(LOCAL)
        assert (mail.channel, mail.error, hook.channel, hook.error) == (
            Channel.MAIL, None, Channel.WEBHOOK, None,
        )  # fmt: skip
        assert "arrive here" in str(house.box.mails[0]["Subject"])
        assert json.loads(house.hooks.arrived[0].body)["type"] == "test"

        house.box.replies.append("554 no")
        mail, hook = await house.notices.send_test(LOCAL)
    assert isinstance(mail.error, MailRefused)
    assert hook.error is None
    mail, hook = await house.notices.send_test(LOCAL)
    assert isinstance(mail.error, TransportFailed)
    assert isinstance(hook.error, TransportFailed)


async def test_without_a_mail_server_mails_wait_for_nobody(world: World) -> None:
    connection = await world.authorized()
    async with a_house(world) as house:
        house.notices = Notices(world.engine.context, world.settings)
        await house.tell_everybody()
        assert not (await house.notices.settings(LOCAL)).can_mail
        house.be(connection.id, DEAD)
        await house.turn()
        mail, _ = await house.notices.send_test(LOCAL)

    assert mail.error is not None
    assert "GRANTLINE_SMTP_URL" in mail.error.hint
    assert len(house.hooks.arrived) == 2
    assert len(house.events(connection.id)) == 1


async def test_a_serving_process_tells_by_itself(world: World) -> None:
    connection = await world.authorized()
    async with a_house(world) as house:
        await house.tell_everybody()
        house.notices.start()
        await world.clock.wait_for_sleepers()
        house.be(connection.id, DEAD)
        world.clock.advance(timedelta(seconds=5))
        await house.box.arrived.wait()
        await house.notices.aclose()
        await house.notices.aclose()

    assert len(house.box.mails) == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"GRANTLINE_SMTP_URL": "mail.example"}, "GRANTLINE_SMTP_URL"),
        ({"GRANTLINE_SMTP_URL": "smtps://mail.example"}, "GRANTLINE_MAIL_FROM"),
        ({"GRANTLINE_MAIL_FROM": "nobody"}, "GRANTLINE_MAIL_FROM"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    tmp_path: Path, more: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings.from_environment(environment(tmp_path, **more))

    assert caught.value.field == field


def test_mails_come_from_the_user_of_the_server_where_nobody_says_otherwise(
    tmp_path: Path,
) -> None:
    more = {"GRANTLINE_SMTP_URL": "smtps://ada%40example.com:s3cret@mail.example"}
    settings = Settings.from_environment(environment(tmp_path, **more))

    assert settings.mail_from == "ada@example.com"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("attempts", "wait"), [(1, MINUTE), (2, 2 * MINUTE), (7, HOUR), (8, HOUR), (10**6, HOUR)]
)
def test_tries_come_less_often_however_many_there_were(attempts: int, wait: timedelta) -> None:
    assert wait_after(attempts) == wait
