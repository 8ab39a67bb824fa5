"""The laws of ``grantline.store.protocol.notices`` and of runs that are started once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from grantline.errors import ConnectionChanged
from grantline.store.protocol.store import Store
from grantline.store.records.connections import Health
from grantline.store.records.notices import (
    Change,
    Channel,
    NoticeRecord,
    NoticeSettingsRecord,
    Subject,
)
from grantline.store.records.scenarios import ScenarioUse, UseKind
from tests.records import AUTHORIZED, HOUR, NOW, a_scenario, an_event
from tests.run_records import SEALS, a_scenario_run

DEAD = Health(state="reauthorization_required", cause="refresh_token_dead")
SETTINGS = NoticeSettingsRecord(
    workspace="home",
    by_mail=True,
    by_webhook=False,
    version=1,
    updated_at=NOW,
    sealed_recipients="v1.recipients",
)
WANTS_PERSON = Change(
    workspace="home",
    subject=Subject.CONNECTION,
    subject_id="con_1",
    name="Mail",
    is_well=False,
    cause="refresh_token_dead",
)


def a_notice(**changes: Any) -> NoticeRecord:
    plain: dict[str, Any] = {
        "id": "ntc_1",
        "workspace": "home",
        "channel": "mail",
        "content": {"text": "é"},
        "created_at": NOW,
        "due_at": NOW,
    }
    return NoticeRecord(**(plain | changes))


def kill(store: Store) -> None:
    assert store.save_health("con_1", 1, DEAD, an_event())


def revive(store: Store) -> None:
    assert store.save_health("con_1", 1, AUTHORIZED, an_event())


def run_ended(store: Store, number: int, state: str, **changes: Any) -> None:
    run = a_scenario_run(
        id=f"srn_{number}",
        state=state,
        cause="schedule",
        created_at=NOW + number * HOUR,
        ended_at=NOW + number * HOUR,
        error_code="upstream_error" if state == "failed" else "",
    )
    assert store.add_scenario_run(replace(run, **changes), SEALS)


def test_settings_come_back_and_are_guarded_by_their_version(store: Store) -> None:
    assert store.load_notice_settings("home") is None
    store.save_notice_settings(SETTINGS, an_event(kind="notices.edited"))
    assert store.load_notice_settings("home") == SETTINGS
    assert store.load_notice_settings("away") is None

    second = replace(SETTINGS, version=2, by_webhook=True, sealed_recipients="v1.others")
    store.save_notice_settings(second, an_event())
    assert store.load_notice_settings("home") == second
    for late in (SETTINGS, second):
        with pytest.raises(ConnectionChanged):
            store.save_notice_settings(late, an_event(kind="lost"))
    assert all(event.kind != "lost" for event in store.list_events("home"))


def test_a_connection_that_wants_its_person_is_a_change_until_it_was_told(filled: Store) -> None:
    store = filled
    name = store.load_connection("home", "con_1").name
    assert store.list_changes(10) == []
    kill(store)
    (change,) = store.list_changes(10)
    assert change == replace(WANTS_PERSON, name=name)

    assert store.tell(change, NOW, [a_notice()])
    assert store.list_changes(10) == []

    revive(store)
    (change,) = store.list_changes(10)
    assert change == replace(WANTS_PERSON, name=name, is_well=True, cause="")
    assert store.tell(change, NOW, [])
    assert store.list_changes(10) == []


@pytest.mark.parametrize("state", ["failing", "draft"])
def test_a_connection_on_its_way_is_neither_well_nor_to_be_told(filled: Store, state: str) -> None:
    health = Health(state=state, cause="timeout")
    assert filled.save_health("con_1", 1, health, an_event())
    assert filled.list_changes(10) == []

    kill(filled)
    (change,) = filled.list_changes(10)
    assert filled.tell(change, NOW, [])
    assert filled.save_health("con_1", 1, health, an_event())
    assert filled.list_changes(10) == []


def test_a_change_says_how_the_workspace_is_told_and_which_active_scenarios_wait(
    filled: Store,
) -> None:
    uses = [ScenarioUse(UseKind.CONNECTION, "con_1")]
    filled.add_scenario(a_scenario(is_active=True), uses, an_event())
    filled.add_scenario(a_scenario(id="scn_2", name="Off", hook_digest="d2"), uses, an_event())
    filled.save_notice_settings(replace(SETTINGS, by_webhook=True), an_event())
    kill(filled)

    (change,) = filled.list_changes(10)
    assert change.scenarios == (a_scenario().name,)
    assert change.channels == (Channel.MAIL, Channel.WEBHOOK)


def test_a_scenario_is_as_its_latest_run_that_nobody_started_by_hand(store: Store) -> None:
    store.add_scenario(a_scenario(), [], an_event())
    run_ended(store, 1, "failed", cause="by_hand")
    run_ended(store, 2, "failed", cause="rerun")
    run_ended(store, 3, "cancelled")
    assert store.list_changes(10) == []

    run_ended(store, 4, "failed")
    run_ended(store, 5, "cancelled")
    run_ended(store, 6, "succeeded", cause="by_hand")
    (change,) = store.list_changes(10)
    assert (change.subject, change.subject_id, change.name) == (
        Subject.SCENARIO,
        "scn_1",
        a_scenario().name,
    )
    assert (change.is_well, change.cause, change.run_id) == (False, "upstream_error", "srn_4")
    assert store.tell(change, NOW, [])

    run_ended(store, 7, "failed")
    assert store.list_changes(10) == []  # as it was told
    run_ended(store, 8, "succeeded")
    (change,) = store.list_changes(10)
    assert (change.is_well, change.run_id) == (True, "srn_8")


def test_runs_that_are_under_way_and_runs_of_others_change_nothing(store: Store) -> None:
    store.add_scenario(a_scenario(), [], an_event())
    run_ended(store, 1, "failed", scenario_id="scn_gone")
    run_ended(store, 2, "failed", scenario_id=None)
    assert store.add_scenario_run(a_scenario_run(id="srn_9", cause="schedule"), SEALS)

    assert store.list_changes(10) == []


def test_what_was_deleted_is_no_change_and_is_forgotten(filled: Store) -> None:
    filled.add_scenario(a_scenario(), [], an_event())
    run_ended(filled, 1, "failed")
    kill(filled)
    for change in filled.list_changes(10):
        assert filled.tell(change, NOW, [])
    assert filled.forget_deleted() == 0

    filled.delete_scenario("home", "scn_1", an_event())
    filled.delete_connection("home", "con_1", an_event())
    assert filled.list_changes(10) == []
    assert filled.forget_deleted() == 2
    assert filled.forget_deleted() == 0


def test_law_n1_a_change_is_told_once_and_its_notices_are_there_once(filled: Store) -> None:
    kill(filled)
    (change,) = filled.list_changes(10)
    told: list[bool] = []

    def tell(number: int) -> None:
        told.append(filled.tell(change, NOW, [a_notice(id=f"ntc_{number}")]))

    several = [threading.Thread(target=tell, args=(number,)) for number in range(4)]
    for each in several:
        each.start()
    for each in several:
        each.join()

    assert sorted(told) == [False, False, False, True]
    assert len(filled.claim_notices(10, HOUR)) == 1


def test_law_n1_what_is_well_again_is_told_once(filled: Store) -> None:
    kill(filled)
    (change,) = filled.list_changes(10)
    well = replace(change, is_well=True)
    assert not filled.tell(well, NOW, [a_notice()])
    assert filled.tell(change, NOW, [])
    assert filled.tell(well, NOW, [a_notice(id="ntc_2")])
    assert not filled.tell(well, NOW, [a_notice(id="ntc_3")])

    assert [each.id for each in filled.claim_notices(10, HOUR)] == ["ntc_2"]


def test_law_n2_a_notice_is_claimed_by_one_until_its_claim_is_over(store: Store) -> None:
    late = a_notice(id="ntc_2", created_at=NOW + HOUR)
    assert store.tell(WANTS_PERSON, NOW, [late, a_notice()])

    first, second = store.claim_notices(10, HOUR)
    assert (first.id, first.attempts, first.content) == ("ntc_1", 1, {"text": "é"})
    assert (second.id, second.workspace, second.channel) == ("ntc_2", "home", "mail")
    assert store.claim_notices(10, HOUR) == []

    store.postpone_notice("ntc_1", timedelta())
    (again,) = store.claim_notices(10, HOUR)
    assert (again.id, again.attempts) == ("ntc_1", 2)


def test_a_notice_that_is_closed_is_gone_and_noted_once(store: Store) -> None:
    assert store.tell(WANTS_PERSON, NOW, [a_notice()])
    store.close_notice("ntc_1", an_event(kind="notice.sent"))
    store.close_notice("ntc_1", an_event(kind="notice.sent", id="evt_again"))
    store.postpone_notice("ntc_1", timedelta())

    assert store.claim_notices(10, HOUR) == []
    assert [each.kind for each in store.list_events("home")] == ["notice.sent"]


def test_a_run_is_started_once_for_the_same(store: Store) -> None:
    assert store.add_scenario_run(a_scenario_run(once="2026"), SEALS, event=an_event(kind="made"))
    second = a_scenario_run(id="srn_2", once="2026")
    assert not store.add_scenario_run(second, SEALS, event=an_event(kind="lost"))
    assert store.add_scenario_run(replace(second, scenario_id="scn_2"), SEALS)
    assert store.add_scenario_run(a_scenario_run(id="srn_3"), SEALS)
    assert store.add_scenario_run(a_scenario_run(id="srn_4"), SEALS)

    found = store.find_run_started_once("home", "scn_1", "2026")
    assert found is not None
    assert found.id == "srn_1"
    assert store.find_run_started_once("away", "scn_1", "2026") is None
    assert store.find_run_started_once("home", "scn_1", "") is None
    assert [each.kind for each in store.list_events("home")] == ["made"]
