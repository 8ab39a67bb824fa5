"""The same laws for runs of scenarios, and laws R1 to R3 of ``grantline.store.protocol.runs``."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from grantline.errors import ConfigurationError, InvalidInput, NotFound
from grantline.store.failures import is_lasting
from grantline.store.protocol.store import Store
from grantline.store.records.connections import Health
from grantline.store.records.page import Page
from grantline.store.records.runs import Advanced, NewRun, StepSeals
from tests.records import HOUR, NOW, a_connection, a_scenario, an_app, an_event
from tests.run_records import SEALS, a_scenario_run, a_step, an_advance, written

USABLE = ("authorized", "expiring", "failing")
ENDED: dict[str, Any] = {"state": "succeeded", "ended_at": NOW + HOUR}


def add(store: Store, *names: str, **changes: Any) -> None:
    """Runs ``srn_…`` of these names, each a second later than the one before."""
    for number, name in enumerate(names):
        at = NOW + timedelta(seconds=number)
        store.add_scenario_run(a_scenario_run(id=f"srn_{name}", created_at=at, **changes), SEALS)


def claim(store: Store, worker: str = "w1", limit: int = 50, later: timedelta = HOUR) -> list[str]:
    found = store.claim_scenario_runs(worker, NOW + later, limit)
    return [each.id.removeprefix("srn_") for each in found]


def test_a_run_comes_back_as_it_was_given(store: Store) -> None:
    run = a_scenario_run(origin_run_id="srn_0", origin_path="2/17/3", spent=HOUR)
    done = written(a_step(state="succeeded", ended_at=NOW), output="v1.out")
    seals = replace(SEALS, sealed_response="v1.response")
    store.add_scenario_run(run, seals, [done], an_event(kind="scenario.run"))
    assert store.load_scenario_run("home", "srn_1") == run
    assert store.load_run_seals("home", "srn_1") == seals
    assert store.list_run_steps("home", "srn_1") == [done.step]
    assert store.load_run_step("home", "srn_1", "1") == (done.step, done.seals)
    assert store.load_outputs("home", "srn_1", ["1", "2"]) == {"1": ("stp_1", "v1.out")}
    assert store.run_revision("home", "srn_1") == ("waiting", 0)
    assert store.list_events("home")[0].kind == "scenario.run"


def test_law_2_another_workspace_has_no_such_run(store: Store) -> None:
    store.add_scenario_run(a_scenario_run(), SEALS, [written(a_step(), output="v1.out")])
    for workspace, run_id in (("away", "srn_1"), ("home", "srn_0")):
        for call in (
            store.load_scenario_run,
            store.load_run_seals,
            store.run_revision,
            store.delete_scenario_run,
            lambda space, run: store.load_run_step(space, run, "1"),
            lambda space, run: store.ask_to_cancel(space, run, NOW, an_event()),
        ):
            with pytest.raises(NotFound):
                call(workspace, run_id)
        assert store.list_run_steps(workspace, run_id) == []
        assert store.load_outputs(workspace, run_id, ["1"]) == {}
    assert store.page_scenario_runs("away") == Page((), 0)
    assert store.latest_run_step("away", "scn_1", 1) is None


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, "cba"),
        ({"scenario_id": "scn_2"}, "c"),
        ({"states": ("parked", "failed")}, "cb"),
        ({"cause": "schedule"}, "b"),
        ({"connection_id": "con_1"}, "c"),
        ({"since": NOW + HOUR}, "cb"),
        ({"until": NOW + HOUR}, "a"),
        ({"query": "WEEK"}, "c"),
        ({"query": "refused"}, "b"),
        ({"query": "srn_a"}, "a"),
        ({"offset": 1, "limit": 1}, "b"),
    ],
)
def test_runs_are_listed_newest_first_and_filtered(
    store: Store, filters: dict[str, Any], names: str
) -> None:
    for run in (
        a_scenario_run(id="srn_a"),
        a_scenario_run(
            id="srn_b",
            state="failed",
            cause="schedule",
            created_at=NOW + HOUR,
            ended_at=NOW + HOUR,
            error_message="It was refused.",
        ),
        a_scenario_run(
            id="srn_c",
            scenario_id="scn_2",
            scenario_name="Weekly",
            state="parked",
            connection_id="con_1",
            created_at=NOW + 2 * HOUR,
        ),
    ):
        store.add_scenario_run(run, SEALS)
    page = store.page_scenario_runs("home", **filters)
    assert "".join(each.id[-1] for each in page.rows) == names
    assert page.total == (3 if "offset" in filters else len(names))


def test_r1_a_run_is_taken_up_once_and_each_time_on_a_new_leg(store: Store) -> None:
    store.add_scenario_run(a_scenario_run(), SEALS)
    (taken,) = store.claim_scenario_runs("w1", NOW + HOUR, 9)
    assert (taken.state, taken.worker, taken.leg) == ("running", "w1", 1)
    assert (taken.started_at, taken.revision) == (NOW + HOUR, 1)
    assert taken == store.load_scenario_run("home", "srn_1")
    assert store.claim_scenario_runs("w2", NOW + HOUR, 9) == []
    assert store.release_runs("w2") == []
    assert store.release_runs("w1", but=["srn_1"]) == []
    assert store.release_runs("w1") == [("srn_1", 1)]
    assert store.has_due_runs(NOW + 2 * HOUR)
    (again,) = store.claim_scenario_run("w2", NOW + 2 * HOUR, "srn_1")
    assert (again.leg, again.worker, again.started_at) == (2, "w2", NOW + HOUR)


def test_r1_a_late_writer_writes_nothing(store: Store) -> None:
    store.add_scenario_run(a_scenario_run(), SEALS)
    nothing = Advanced(is_written=False)
    assert store.advance_runs([an_advance(written(a_step()))]) == [nothing]
    claim(store)
    begun = an_advance(written(a_step()))
    assert store.advance_runs([begun]) == [Advanced(is_written=True)]
    store.release_runs("w1")
    claim(store, "w2")
    done = written(a_step(state="succeeded", ended_at=NOW), is_new=False)
    late = [an_advance(done, changes=ENDED), an_advance(done, leg=2), an_advance(done, worker="w2")]
    assert store.advance_runs(late) == [nothing] * 3
    assert store.list_run_steps("home", "srn_1") == [a_step()]
    assert store.load_scenario_run("home", "srn_1").state == "running"


def test_one_transaction_carries_what_many_runs_have_done(store: Store) -> None:
    add(store, "a", "b", at_once=2)
    claim(store)
    steps = [a_step(id=f"stp_{each}", run_id=f"srn_{each}") for each in "ab"]
    store.advance_runs([an_advance(written(each), run_id=each.run_id) for each in steps])
    done = replace(steps[0], state="succeeded", ended_at=NOW, output_size=7)
    following = replace(steps[0], id="stp_c", path="2", seq=2)
    advances = [
        an_advance(
            written(done, is_new=False, output="v1.out"),
            written(following),
            run_id="srn_a",
            changes={"steps": 1},
        ),
        an_advance(run_id="srn_0"),
        an_advance(run_id="srn_b", changes=ENDED),
    ]
    new = NewRun(run=a_scenario_run(id="srn_new"), seals=SEALS)
    told = store.advance_runs([*advances, new])
    assert [each.is_written for each in told] == [True, False, True, True]
    assert store.load_scenario_run("home", "srn_new") == new.run
    assert store.list_run_steps("home", "srn_a") == [done, following]
    assert store.load_run_step("home", "srn_a", "1")[1] == StepSeals(
        sealed_input="v1.in", sealed_output="v1.out"
    )
    first, second = (store.load_scenario_run("home", f"srn_{each}") for each in "ab")
    assert (first.steps, first.revision, first.worker) == (1, 3, "w1")
    assert (second.state, second.ended_at, second.worker) == ("succeeded", NOW + HOUR, None)


def test_what_was_written_without_its_writer_hearing_so_may_be_written_again(store: Store) -> None:
    new = NewRun(run=a_scenario_run(), seals=SEALS, steps=(written(a_step()),))
    assert store.advance_runs([new]) == store.advance_runs([new]) == [Advanced(is_written=True)]
    claim(store)
    begun = an_advance(written(a_step(id="stp_2", path="2", seq=2), output="v1.out"))
    assert store.advance_runs([begun]) == store.advance_runs([begun])
    assert [each.id for each in store.list_run_steps("home", "srn_1")] == ["stp_1", "stp_2"]
    assert store.load_scenario_run("home", "srn_1").state == "running"


def test_a_row_that_breaks_the_rules_is_refused_for_good(store: Store) -> None:
    add(store, "1")
    claim(store)
    with pytest.raises(ConfigurationError) as caught:
        store.advance_runs([an_advance(written(a_step(run_id="srn_0")))])
    assert is_lasting(caught.value)


def test_r2_runs_of_a_scenario_go_one_after_the_other_in_order(store: Store) -> None:
    add(store, "a", "b", "c", at_once=2)
    add(store, "x", "y", scenario_id="scn_2")
    add(store, "m", "n", scenario_id=None)
    assert claim(store) == ["a", "m", "x", "b", "n"]
    assert claim(store) == []
    store.advance_runs([an_advance(run_id="srn_b", changes=ENDED)])
    assert claim(store, limit=1) == ["c"]
    assert store.claim_scenario_run("w1", NOW + HOUR, "srn_y") == []
    store.advance_runs([an_advance(run_id="srn_x", changes=ENDED)])
    assert claim(store) == ["y"]


def test_r2_runs_that_wait_follow_an_edit_of_how_many_go_on_at_once(store: Store) -> None:
    kept = a_scenario(at_once=1)
    store.add_scenario(kept, [], an_event())
    add(store, "a", "b", "c", "d")
    assert claim(store) == ["a"]
    store.update_scenario(replace(kept, at_once=3, version=2), [], an_event())
    assert claim(store) == ["b", "c"]
    store.delete_scenario("home", "scn_1", an_event())
    store.advance_runs([an_advance(run_id=f"srn_{each}", changes=ENDED) for each in "ab"])
    assert claim(store) == [], "what it was started with, with one going on"
    store.advance_runs([an_advance(run_id="srn_c", changes=ENDED)])
    assert claim(store) == ["d"]


def test_r2_what_was_let_go_comes_before_what_was_started_later(store: Store) -> None:
    add(store, "a", "b")
    claim(store)
    store.release_runs("w1")
    assert store.claim_scenario_run("w2", NOW + HOUR, "srn_b") == []
    assert claim(store) == ["a"]


@pytest.mark.parametrize(("state", "claimed"), [("waiting", []), ("retrying", ["b"])])
def test_r2_what_sleeps_holds_its_place_and_what_waits_for_a_retry_does_not(
    store: Store, state: str, claimed: list[str]
) -> None:
    add(store, "a", "b")
    claim(store)
    wake = NOW + 2 * HOUR
    store.advance_runs([an_advance(run_id="srn_a", changes={"state": state, "wake_at": wake})])
    assert claim(store) == claimed
    store.advance_runs([an_advance(run_id=f"srn_{each}", changes=ENDED) for each in claimed])
    assert claim(store, later=2 * HOUR) == ["a"]
    assert store.load_scenario_run("home", "srn_a").wake_at is None


def test_r2_holds_however_many_ask_at_once(store: Store) -> None:
    add(store, *(f"{each:02}" for each in range(20)), at_once=3)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda each: claim(store, f"w{each}", limit=2), range(8)))
    assert sorted(name for names in taken for name in names) == ["00", "01", "02"]


def test_r3_what_has_ended_stays_so(store: Store) -> None:
    store.add_scenario_run(a_scenario_run(), SEALS)
    claim(store)
    store.advance_runs([an_advance(changes=ENDED)])
    ended = store.load_scenario_run("home", "srn_1")
    assert claim(store) == []
    assert store.advance_runs([an_advance(changes={"state": "failed"})])[0].is_written is False
    assert store.release_runs("w1") == []
    assert store.ask_to_cancel("home", "srn_1", NOW, an_event(kind="late")) == ended
    assert all(each.kind != "late" for each in store.list_events("home"))


def test_a_run_that_nobody_goes_on_with_is_cancelled_at_once(store: Store) -> None:
    add(store, "a", "b")
    claim(store)
    for name, state in (("a", "running"), ("b", "cancelled")):
        run = store.ask_to_cancel("home", f"srn_{name}", NOW, an_event())
        assert (run.state, run.is_cancelling) == (state, state == "running")
    assert store.advance_runs([an_advance(run_id="srn_a")]) == [
        Advanced(is_written=True, is_cancelling=True)
    ]
    assert store.runs_in_hand("w1") == [("srn_a", True)]
    assert store.runs_in_hand("w2") == []
    store.release_runs("w1")
    (again,) = store.claim_scenario_runs("w1", NOW, 1)
    assert again.is_cancelling


@pytest.mark.parametrize(
    "waits",
    [
        {"state": "parked", "connection_id": "con_1", "wake_at": None},
        {"state": "retrying", "wake_at": NOW + 9 * HOUR},
        {"state": "waiting", "wake_at": NOW + 9 * HOUR},
    ],
    ids=lambda each: each["state"],
)
def test_a_run_that_is_cancelled_as_it_begins_to_wait_is_taken_up_to_end(
    store: Store, waits: dict[str, Any]
) -> None:
    add(store, "1")
    claim(store)
    store.ask_to_cancel("home", "srn_1", NOW, an_event())
    (told,) = store.advance_runs([an_advance(changes={"ended_at": None, **waits})])
    assert told == Advanced(is_written=True, is_cancelling=True)
    (taken,) = store.claim_scenario_runs("w2", NOW + HOUR, 9)
    assert (taken.worker, taken.is_cancelling) == ("w2", True)


@pytest.mark.parametrize(
    ("state", "generation", "parked_generation", "is_freed"),
    [
        ("authorized", 1, -1, True),
        ("failing", 1, 0, True),
        ("authorized", 1, 1, False),
        ("reauthorization_required", 1, -1, False),
        ("draft", 1, -1, False),
    ],
)
def test_a_parked_run_goes_on_when_its_connection_can_be_used(
    store: Store, state: str, generation: int, parked_generation: int, *, is_freed: bool
) -> None:
    held = a_connection(health=Health(state=state), generation=generation)
    store.add_connection(held, an_event(), an_app())
    parked = {"state": "parked", "connection_id": "con_1", "parked_generation": parked_generation}
    store.add_scenario_run(a_scenario_run(**parked), SEALS)
    assert store.unpark_runs(USABLE) == ([("home", "srn_1")] if is_freed else [])
    assert claim(store) == (["1"] if is_freed else [])


def test_a_parked_run_goes_on_to_fail_when_its_connection_is_deleted(store: Store) -> None:
    parked = a_scenario_run(state="parked", connection_id="con_gone")
    store.add_scenario_run(parked, SEALS)
    assert store.unpark_runs(USABLE) == [("home", "srn_1")]
    assert store.load_scenario_run("home", "srn_1").connection_id is None


def test_workers_are_seen_while_they_have_runs_in_hand(store: Store) -> None:
    assert store.busy_workers() == []
    add(store, "a", "b", at_once=2)
    store.claim_scenario_run("w1", NOW, "srn_a")
    store.claim_scenario_run("w2", NOW, "srn_b")
    store.beat("w1")
    store.beat("w1")
    store.beat("idle")
    seen = {each.id: each.silent_for for each in store.busy_workers()}
    assert seen["w2"] is None
    assert seen["w1"] is not None
    assert abs(seen["w1"]) < timedelta(minutes=1)
    store.drop_silent_workers(-HOUR)
    store.leave("idle")
    assert {each.id for each in store.busy_workers()} == {"w1", "w2"}
    store.leave("w1")
    assert all(each.silent_for is None for each in store.busy_workers())


def test_the_last_output_of_a_module_comes_from_a_late_run(store: Store) -> None:
    for name, at, state in (("a", NOW, "succeeded"), ("b", NOW + HOUR, "failed")):
        step = a_step(
            id=f"stp_{name}", run_id=f"srn_{name}", state=state, started_at=at, ended_at=at
        )
        run = a_scenario_run(id=f"srn_{name}", created_at=at)
        store.add_scenario_run(run, SEALS, [written(step, output=f"v1.{name}")])
    found = store.latest_run_step("home", "scn_1", 1)
    assert found is not None
    assert (found[0].id, found[1].sealed_output) == ("stp_a", "v1.a")
    assert store.latest_run_step("home", "scn_1", 2) is None


def test_the_latest_run_of_each_scenario_is_found_at_once(store: Store) -> None:
    for name in "123":
        scenario = a_scenario(id=f"scn_{name}", name=name, hook_digest=name)
        store.add_scenario(scenario, [], an_event())
    add(store, "a", "b", scenario_id="scn_1")
    add(store, "c", scenario_id="scn_2")
    asked = ["scn_1", "scn_2", "scn_3"]
    assert {each.id for each in store.latest_scenario_runs("home", asked)} == {"srn_b", "srn_c"}
    assert [each.id for each in store.latest_scenario_runs("home", ["scn_2"])] == ["srn_c"]
    assert store.latest_scenario_runs("away", asked) == []


def test_only_runs_that_have_ended_are_dropped_and_their_steps_go_with_them(store: Store) -> None:
    add(store, "a", "b", "c", "d", at_once=4)
    claim(store)
    step = a_step(run_id="srn_a", state="succeeded", ended_at=NOW)
    for name in "abc":
        done = [written(step)] if name == "a" else []
        store.advance_runs([an_advance(*done, run_id=f"srn_{name}", changes=ENDED)])
    with pytest.raises(InvalidInput):
        store.delete_scenario_run("home", "srn_d")
    store.delete_scenario_run("home", "srn_a")
    assert store.list_run_steps("home", "srn_a") == []
    assert store.unended_runs(["srn_a", "srn_b", "srn_d", "srn_never"]) == {"srn_d"}


def test_purging_drops_old_runs_that_have_ended_in_every_workspace(store: Store) -> None:
    for name, state, ended_at in (
        ("old", "succeeded", NOW - HOUR),
        ("new", "failed", NOW),
        ("parked", "parked", None),
    ):
        run = a_scenario_run(id=f"srn_{name}", state=state, ended_at=ended_at)
        store.add_scenario_run(run, SEALS)
    step = a_step(run_id="srn_away", workspace="away", state="succeeded", ended_at=NOW)
    away = a_scenario_run(id="srn_away", workspace="away", state="succeeded", ended_at=NOW - HOUR)
    store.add_scenario_run(away, SEALS, [written(step)])

    assert store.purge(ended=NOW, made=NOW, ran=NOW, said=NOW) == 2
    left = {each.id for each in store.page_scenario_runs("home").rows}
    assert left == {"srn_new", "srn_parked"}
    assert store.list_run_steps("away", "srn_away") == []


def test_steps_are_paged_and_the_last_one_of_the_whole_run_is_found(store: Store) -> None:
    steps = [
        a_step(id=f"stp_{seq}", path=path, seq=seq, state=state, ended_at=NOW)
        for seq, path, state in (
            (1, "1", "succeeded"),
            (2, "2/1/3", "succeeded"),
            (3, "4", "succeeded"),
            (4, "5", "failed"),
            (5, "2/2/3", "succeeded"),
        )
    ]
    made = [written(each, output=f"v1.{each.seq}") for each in reversed(steps)]
    store.add_scenario_run(a_scenario_run(), SEALS, made)

    assert store.page_run_steps("home", "srn_1") == Page(tuple(steps), 5)
    assert store.page_run_steps("home", "srn_1", offset=1, limit=2) == Page(tuple(steps[1:3]), 5)
    assert store.page_run_steps("away", "srn_1") == Page((), 0)
    found = store.last_run_step("home", "srn_1")
    assert found is not None
    assert (found[0], found[1].sealed_output) == (steps[2], "v1.3")
    assert store.last_run_step("away", "srn_1") is None
    assert store.last_run_step("home", "srn_2") is None
