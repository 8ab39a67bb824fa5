"""Scenarios under their names: the database, the seals and the history are real."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from sqlalchemy import text

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.credentials.credential import CredentialIds, Kind
from grantline.connections.engine import LOCAL
from grantline.errors import (
    ConnectionChanged,
    InvalidInput,
    NameTaken,
    NotFound,
    ScenarioNotReady,
)
from grantline.scenarios.definition.modules import Branch, HttpCall, MakeRequest, Module, Router
from grantline.scenarios.definition.scenario import Bounds, Scenario
from grantline.scenarios.definition.triggers import Schedule, Signature, Webhook
from grantline.scenarios.kept import KeptScenario, opened, record_of
from grantline.scenarios.references import uses_of
from grantline.scenarios.service import Scenarios
from grantline.scenarios.triggers.hook_address import HOOK_PREFIX, hook_digest
from grantline.secret import Secret
from grantline.vault.keys import KeyRing, MasterKey
from grantline.vault.vault import Vault
from tests.connections.credential_values import new_credential
from tests.connections.world import World
from tests.scenarios.scenarios import SCENARIOS

ELSEWHERE = Actor("away", "eve")
CANARY = "canary-in-a-scenario-51f2"


def request_to(url: str = "/me", number: int = 1, **changes: object) -> Module:
    call = HttpCall(spec=RequestSpec(url=url), **changes)  # type: ignore[arg-type]
    return Module(id=number, does=MakeRequest(call=call))


def scenario(*modules: Module, name: str = "Nightly copy", **changes: object) -> Scenario:
    return Scenario(
        name=name,
        modules=modules or (request_to("https://api.example.com/me"),),
        **changes,  # type: ignore[arg-type]
    )


async def kinds(world: World) -> list[str]:
    return [each.kind for each in await world.engine.history(LOCAL, limit=20)]


async def test_a_scenario_is_found_by_name_and_id_as_it_was_given(
    scenarios: Scenarios, world: World
) -> None:
    wanted = scenario(
        request_to("https://api.example.com/{{ input.path }}"),
        trigger=Schedule(cron="0 3 * * *", time_zone="Europe/Berlin"),
        bounds=Bounds(at_once=3),
        note="Copies what is new.",
    )
    made = await scenarios.create(LOCAL, wanted)

    assert made == await scenarios.find(LOCAL, made.id)
    assert made == await scenarios.find(LOCAL, "Nightly copy")
    assert (made.scenario, made.is_active, made.version, made.owner) == (wanted, False, 1, "local")
    (listed,) = (await scenarios.page(LOCAL)).rows
    assert (listed.id, listed.name, listed.trigger) == (made.id, "Nightly copy", "schedule")
    assert (listed.cron, listed.time_zone) == ("0 3 * * *", "Europe/Berlin")
    assert (listed.modules, listed.at_once) == (1, 3)
    assert (await kinds(world))[0] == "scenario.created"


async def test_nothing_of_a_scenario_lies_in_the_database_in_the_clear(
    scenarios: Scenarios, world: World
) -> None:
    made = await scenarios.create(
        LOCAL,
        scenario(request_to(f"https://api.example.com/?key={CANARY}"), trigger=Webhook()),
    )
    with world.engine.context.store._read() as run:  # type: ignore[attr-defined] # noqa: SLF001
        row = dict(run.execute(text("SELECT * FROM scenario")).mappings().one())
    kept = json.dumps(row, default=str)
    assert CANARY not in kept
    assert made.hook_secret.reveal() not in kept
    assert row["hook_digest"] == hook_digest(made.hook_secret)
    assert CANARY not in repr(await world.engine.history(LOCAL))


@pytest.mark.parametrize("name", ["", " ", "scn_1", "con_1", "a\nb", "x" * 101])
async def test_a_name_that_cannot_be_used_is_refused(scenarios: Scenarios, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await scenarios.create(LOCAL, scenario(name=name))
    assert refused.value.field == "Scenario name"


async def test_another_workspace_sees_none_of_it(scenarios: Scenarios) -> None:
    made = await scenarios.create(LOCAL, scenario())
    for call in (
        scenarios.find(ELSEWHERE, made.id),
        scenarios.find(ELSEWHERE, made.name),
        scenarios.edit(ELSEWHERE, made.id, scenario()),
        scenarios.duplicate(ELSEWHERE, made.id, "Mine"),
        scenarios.set_active(ELSEWHERE, made.id, is_active=True),
        scenarios.rotate_hook(ELSEWHERE, made.id),
        scenarios.delete(ELSEWHERE, made.id),
    ):
        with pytest.raises(NotFound):
            await call
    assert (await scenarios.page(ELSEWHERE)).total == 0
    assert await scenarios.find(LOCAL, made.id) == made


async def test_an_edit_against_an_older_version_overwrites_nothing(scenarios: Scenarios) -> None:
    made = await scenarios.create(LOCAL, scenario())
    edited = await scenarios.edit(LOCAL, made.id, scenario(note="First."), version=1)
    assert (edited.version, edited.scenario.note) == (2, "First.")
    with pytest.raises(ConnectionChanged):
        await scenarios.edit(LOCAL, made.id, scenario(note="Late."), version=1)
    assert await scenarios.find(LOCAL, made.id) == edited


async def test_names_are_unique_and_a_copy_is_off_and_has_an_address_of_its_own(
    scenarios: Scenarios, world: World
) -> None:
    made = await scenarios.create(LOCAL, scenario(trigger=Webhook()))
    await scenarios.set_active(LOCAL, made.id, is_active=True)
    with pytest.raises(NameTaken):
        await scenarios.duplicate(LOCAL, made.id, made.name)
    copy = await scenarios.duplicate(LOCAL, made.id, "Another")
    assert copy.scenario == replace(made.scenario, name="Another")
    assert not copy.is_active
    assert copy.hook_url_path != made.hook_url_path

    renamed = await scenarios.rename(LOCAL, copy.id, "Third")
    assert (renamed.name, renamed.version) == ("Third", 2)
    gone = await scenarios.delete(LOCAL, "Third")
    assert gone.id == copy.id
    with pytest.raises(NotFound, match="Third"):
        await scenarios.find(LOCAL, "Third")
    assert (await kinds(world))[:3] == ["scenario.deleted", "scenario.edited", "scenario.created"]


async def test_switching_on_and_off_is_told_once_and_is_no_edit(
    scenarios: Scenarios, world: World
) -> None:
    made = await scenarios.create(LOCAL, scenario())
    on = await scenarios.set_active(LOCAL, made.id, is_active=True)
    assert on == replace(made, is_active=True) == await scenarios.find(LOCAL, made.id)
    assert on == await scenarios.set_active(LOCAL, made.id, is_active=True)
    assert (await scenarios.page(LOCAL, is_active=True)).total == 1
    off = await scenarios.set_active(LOCAL, made.id, is_active=False)
    assert (off.is_active, off.version) == (False, 1)
    assert (await kinds(world))[:3] == [
        "scenario.deactivated",
        "scenario.activated",
        "scenario.created",
    ]


async def test_a_draft_that_names_a_lost_connection_is_kept_but_not_switched_on(
    scenarios: Scenarios,
) -> None:
    lost = scenario(
        request_to(connection_id="con_gone"),
        Module(
            id=2,
            name="Ways",
            does=Router(
                branches=(
                    Branch(
                        modules=(
                            request_to(number=3, credentials=CredentialIds(proxy_id="crd_gone")),
                        )
                    ),
                )
            ),
        ),
    )
    made = await scenarios.create(LOCAL, lost)
    with pytest.raises(ScenarioNotReady) as refused:
        await scenarios.set_active(LOCAL, made.id, is_active=True)
    assert any("con_gone" in str(each) for each in refused.value.problems)
    found = {
        (each.module_id, each.field): each.path
        for each in await scenarios.problems(LOCAL, lost)
        if "gone" in each.message
    }
    assert found == {
        (1, "make_request.connection"): ("modules", 0, "make_request", "connection"),
        (3, "make_request.proxy"): (
            *("modules", 1, "router", "branches", 0),
            *("modules", 0, "make_request", "proxy"),
        ),
    }
    assert not (await scenarios.find(LOCAL, made.id)).is_active


@pytest.mark.parametrize(
    "wrong",
    [
        scenario(trigger=Schedule(cron="61 * * * *")),
        scenario(request_to("https://api.example.com/{{ input.nothing }}")),
        Scenario(name="Nightly copy"),
    ],
)
async def test_what_could_not_run_is_not_switched_on(scenarios: Scenarios, wrong: Scenario) -> None:
    made = await scenarios.create(LOCAL, wrong)
    with pytest.raises(ScenarioNotReady):
        await scenarios.set_active(LOCAL, made.id, is_active=True)


async def test_a_credential_of_another_kind_is_told_where_it_stands(
    scenarios: Scenarios, world: World
) -> None:
    key = await world.engine.credentials.create(LOCAL, new_credential(Kind.KEY))
    proxy = await world.engine.credentials.create(LOCAL, new_credential(Kind.PROXY))
    url = "https://api.example.com/me"
    right = CredentialIds(credential_id=key.id, proxy_id=proxy.id)
    wrong = CredentialIds(credential_id=proxy.id, proxy_id=key.id)
    written = scenario(
        request_to(url, credentials=right),
        request_to(url, 2, credentials=wrong),
        trigger=Webhook(signature=Signature(credential_id=proxy.id)),
    )
    found = {(each.module_id, each.field) for each in await scenarios.problems(LOCAL, written)}
    assert found == {
        (2, "make_request.credential"),
        (2, "make_request.proxy"),
        (None, "trigger.webhook.signature.credential"),
    }


async def test_what_is_on_is_not_replaced_by_what_could_not_run(scenarios: Scenarios) -> None:
    made = await scenarios.create(LOCAL, scenario())
    await scenarios.set_active(LOCAL, made.id, is_active=True)
    with pytest.raises(ScenarioNotReady):
        await scenarios.edit(LOCAL, made.id, scenario(request_to(connection_id="con_gone")))
    edited = await scenarios.edit(LOCAL, made.id, scenario(note="Fine."))
    assert (edited.is_active, edited.version) == (True, 2)


async def test_names_of_connections_and_credentials_become_ids(
    scenarios: Scenarios, world: World
) -> None:
    connection = await world.draft("My mail")
    key = await world.engine.credentials.create(LOCAL, new_credential(Kind.KEY))
    authority = await world.engine.credentials.create(LOCAL, new_credential(Kind.AUTHORITY))
    written = scenario(
        request_to(connection_id="My mail", credentials=CredentialIds(authority_id=authority.name)),
        Module(id=2, does=Router(branches=(Branch(modules=(request_to(number=3),)),))),
        trigger=Webhook(signature=Signature(credential_id=key.name)),
    )
    made = await scenarios.create(LOCAL, written)
    call = made.scenario.modules[0].call
    assert call is not None
    assert (call.connection_id, call.credentials.authority_id) == (connection.id, authority.id)
    assert made.scenario.trigger == Webhook(signature=Signature(credential_id=key.id))
    for page in (
        await scenarios.page(LOCAL, connection_id=connection.id),
        await scenarios.page(LOCAL, credential_id=key.id),
        await scenarios.page(LOCAL, credential_id=authority.id),
    ):
        assert [each.id for each in page.rows] == [made.id]

    with pytest.raises(InvalidInput, match="My post") as refused:
        await scenarios.create(LOCAL, scenario(request_to(connection_id="My post"), name="Another"))
    assert refused.value.field == "modules[1].make_request.connection"


async def test_uses_follow_an_edit_and_end_with_the_scenario(
    scenarios: Scenarios, world: World
) -> None:
    one, two = await world.draft("one"), await world.draft("two")
    made = await scenarios.create(LOCAL, scenario(request_to(connection_id=one.id)))

    async def uses() -> list[int]:
        page = await world.engine.listing.page(LOCAL)
        return [each.uses for each in page.rows]

    assert await uses() == [1, 0]
    await scenarios.edit(LOCAL, made.id, scenario(request_to(connection_id=two.id)))
    assert await uses() == [0, 1]
    await scenarios.delete(LOCAL, made.id)
    assert await uses() == [0, 0]


async def test_the_address_of_a_webhook_is_kept_until_it_is_replaced(
    scenarios: Scenarios, world: World
) -> None:
    made = await scenarios.create(LOCAL, scenario(trigger=Webhook()))
    path = made.hook_url_path
    assert path is not None
    assert path.reveal().startswith(HOOK_PREFIX)
    assert len(path.reveal()) == len(HOOK_PREFIX) + 32
    assert made.hook_secret.reveal() not in repr(made)

    actor, found = await scenarios.find_hooked(made.hook_secret)
    assert (actor, found) == (LOCAL, made)
    await scenarios.edit(LOCAL, made.id, scenario())
    assert (await scenarios.find(LOCAL, made.id)).hook_url_path is None
    with pytest.raises(NotFound):
        await scenarios.find_hooked(made.hook_secret)
    again = await scenarios.edit(LOCAL, made.id, scenario(trigger=Webhook()))
    assert again.hook_url_path == path

    rotated = await scenarios.rotate_hook(LOCAL, made.id)
    assert rotated.hook_url_path != path
    assert (await scenarios.find_hooked(rotated.hook_secret))[1] == rotated
    for unknown in (made.hook_secret, Secret(""), Secret("x" * 32)):
        with pytest.raises(NotFound):
            await scenarios.find_hooked(unknown)
    assert (await kinds(world))[0] == "scenario.hook_rotated"


async def test_a_scenario_beyond_all_measure_is_refused(scenarios: Scenarios) -> None:
    with pytest.raises(InvalidInput, match="too large"):
        await scenarios.create(LOCAL, scenario(note="x" * 1_000_001))


@given(written=SCENARIOS)
def test_every_scenario_comes_back_from_its_row_as_it_was(written: Scenario) -> None:
    vault = Vault(KeyRing(MasterKey(b"1" * 32)))
    now = datetime(2026, 11, 29, tzinfo=UTC)
    kept = KeptScenario(
        id="scn_1",
        owner="ada",
        scenario=written,
        is_active=False,
        hook_secret=Secret("secret"),
        version=1,
        created_at=now,
        updated_at=now,
    )

    record = record_of(vault, LOCAL, kept)

    assert opened(vault, record) == kept
    calls = [each.call for each in written.each_module() if each.call is not None]
    assert {each.used_id for each in uses_of(written)} >= {
        *(each.connection_id for each in calls if each.connection_id),
        *(each for call in calls for each in call.credentials if each),
    }
    assert record.modules == len(list(written.each_module()))
