"""The laws of ``grantline.store.protocol``, on every database; a test cites the law it is for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from grantline.errors import (
    AppInUse,
    AppNotFound,
    ConnectionChanged,
    ConnectionNotFound,
    KeyInUse,
    KeyUnavailable,
    NameTaken,
    NotFound,
)
from grantline.store.protocol.store import Store
from grantline.store.records.connections import Account, Health
from grantline.store.records.keys import SealedValue
from grantline.store.records.page import Page
from grantline.store.records.renewal import Due, Lease
from tests.records import (
    AUTHORIZED,
    HOUR,
    NOW,
    a_connection,
    a_key,
    a_pending,
    an_app,
    an_attempt,
    an_event,
    tokens,
)

DEAD = Health(state="draft", cause="identity_edited", explanation="Edited.")


def lease_of(store: Store, generation: int = 1, span: timedelta = HOUR) -> Lease:
    lease = store.acquire_lease("con_1", "worker", generation, span)
    assert lease is not None
    return lease


def test_records_come_back_as_they_were_given(store: Store) -> None:
    health = Health(
        state="failing",
        cause="timeout",
        explanation="It is slow: \U0001f422.",
        failures=3,
        retry_at=NOW + HOUR,
        dead_grant_at=NOW,
    )
    full = a_connection(
        scopes=(),
        hosts=("*.example.com", "bücher.example"),
        sealed_secrets="v1.own",
        health=health,
        tokens=tokens(
            refresh_expires_at=NOW, granted_scopes=(), sealed_previous="p", previous_until=NOW
        ),
        generation=7,
        lease_owner="worker",
        lease_until=NOW,
        lease_number=9,
        account_label="ada@example.com",
        authorized_at=NOW,
        last_used_at=NOW,
    )
    store.add_connection(full, an_event(), an_app())

    assert store.load_connection("home", "con_1") == full
    assert store.find_connection("home", "My mail") == full
    assert store.list_connections("home") == [full]
    assert store.load_app("home", "app_1") == an_app() == store.find_app("home", "Mail")
    assert store.list_apps("home") == [an_app()]
    assert store.page_apps("home", query="MAI") == Page((an_app(),), 1)
    assert store.page_apps("home", query="no such") == Page((), 0)
    assert store.page_apps("home", offset=1) == Page((), 1)


def test_none_and_an_empty_list_of_scopes_stay_apart(filled: Store) -> None:
    held = filled.load_connection("home", "con_1").tokens
    assert held is not None
    assert held.granted_scopes == ("read",)
    for generation, granted in ((1, None), (2, ())):
        columns = tokens(granted_scopes=granted)
        assert filled.save_authorized(
            "con_1", generation, columns, AUTHORIZED, scopes=(), event=an_event()
        )
        held = filled.load_connection("home", "con_1").tokens
        assert held is not None
        assert held.granted_scopes == granted


def test_the_clock_is_aware_and_goes_forward(store: Store) -> None:
    first, second = store.now(), store.now()
    assert first.utcoffset() == timedelta(0)
    assert first <= second


def test_the_instance_has_one_id_for_good(store: Store) -> None:
    assert store.instance().id == store.instance().id
    assert store.instance().id.startswith("ins_")


# Law 1


def test_law_1_a_connection_and_its_app_come_together_or_not_at_all(filled: Store) -> None:
    other = a_connection(id="con_2", app_id="app_2", name="My mail")
    with pytest.raises(NameTaken):
        filled.add_connection(other, an_event(kind="lost"), an_app(id="app_2", name="Other"))
    with pytest.raises(AppNotFound):
        filled.load_app("home", "app_2")
    assert all(event.kind != "lost" for event in filled.list_events("home"))


def test_law_1_an_edit_of_both_changes_both_or_none(filled: Store) -> None:
    app, connection = filled.load_app("home", "app_1"), filled.load_connection("home", "con_1")
    with pytest.raises(ConnectionChanged):
        filled.update_connection(
            replace(connection, name="New", version=5),
            an_event(kind="lost"),
            replace(app, name="New app", version=2),
        )
    assert filled.load_app("home", "app_1") == app
    assert filled.load_connection("home", "con_1") == connection
    assert all(event.kind != "lost" for event in filled.list_events("home"))


def test_law_1_an_event_that_cannot_be_written_undoes_what_it_tells_of(filled: Store) -> None:
    told = an_event()
    filled.add_event(told)
    with pytest.raises(Exception, match="rules"):
        filled.delete_connection("home", "con_1", told)
    assert filled.load_connection("home", "con_1").generation == 1


# Law 2


def test_law_2_another_workspace_sees_nothing(filled: Store) -> None:
    with pytest.raises(AppNotFound) as foreign:
        filled.load_app("away", "app_1")
    with pytest.raises(AppNotFound) as unknown:
        filled.load_app("home", "app_0")
    assert str(foreign.value) == str(unknown.value)
    with pytest.raises(AppNotFound):
        filled.find_app("away", "Mail")
    with pytest.raises(ConnectionNotFound):
        filled.load_connection("away", "con_1")
    with pytest.raises(ConnectionNotFound):
        filled.find_connection("away", "My mail")
    assert filled.list_apps("away") == []
    assert filled.page_apps("away") == Page((), 0)
    assert filled.list_connections("away") == []
    assert filled.list_connections("away", "app_1") == []
    assert filled.list_events("away") == []


def test_law_2_another_workspace_changes_nothing(filled: Store) -> None:
    app, connection = filled.load_app("home", "app_1"), filled.load_connection("home", "con_1")
    foreign_app = replace(app, workspace="away", name="Mine now", version=2)
    foreign = replace(connection, workspace="away", name="Mine now", version=2)
    with pytest.raises(AppNotFound):
        filled.update_app(foreign_app, an_event(), reset=DEAD)
    with pytest.raises(ConnectionNotFound):
        filled.update_connection(foreign, an_event(), reset=DEAD)
    with pytest.raises(AppNotFound):
        filled.delete_app("away", "app_1", an_event())
    with pytest.raises(ConnectionNotFound):
        filled.delete_connection("away", "con_1", an_event())
    assert filled.load_app("home", "app_1") == app
    assert filled.load_connection("home", "con_1") == connection


def test_law_2_no_row_refers_into_another_workspace(filled: Store) -> None:
    with pytest.raises(AppNotFound):
        filled.add_connection(a_connection(id="con_2", workspace="away"), an_event())
    with pytest.raises(ConnectionNotFound):
        filled.begin_attempt(an_attempt(workspace="away"))
    with pytest.raises(ConnectionNotFound):
        filled.add_pending(a_pending(workspace="away"), at_most=5)


def test_law_2_a_name_is_free_in_another_workspace(filled: Store) -> None:
    app = an_app(id="app_2", workspace="away")
    filled.add_connection(
        a_connection(id="con_2", app_id="app_2", workspace="away"), an_event(), app
    )
    assert filled.find_connection("away", "My mail").id == "con_2"


# Law 3


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.load_connection("home", "con_0"),
        lambda store: store.find_connection("home", "None"),
        lambda store: store.update_connection(a_connection(id="con_0", version=2), an_event()),
        lambda store: store.delete_connection("home", "con_0", an_event()),
        lambda store: store.save_account("con_0", Account(label="ada")),
        lambda store: store.save_authorized(
            "con_0", 0, tokens(), AUTHORIZED, scopes=(), event=an_event()
        ),
        lambda store: store.save_health("con_0", 1, AUTHORIZED, None),
        lambda store: store.acquire_lease("con_0", "worker", 1, HOUR),
        lambda store: store.begin_attempt(an_attempt(connection_id="con_0")),
        lambda store: store.add_pending(a_pending(connection_id="con_0"), 5),
    ],
)
def test_law_3_a_connection_that_is_not_there_is_not_found(
    filled: Store, call: Callable[[Store], object]
) -> None:
    with pytest.raises(ConnectionNotFound):
        call(filled)


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.load_app("home", "app_0"),
        lambda store: store.find_app("home", "None"),
        lambda store: store.update_app(an_app(id="app_0", version=2), an_event()),
        lambda store: store.delete_app("home", "app_0", an_event()),
        lambda store: store.add_connection(
            a_connection(id="con_2", name="Other", app_id="app_0"), an_event()
        ),
    ],
)
def test_law_3_an_app_that_is_not_there_is_not_found(
    filled: Store, call: Callable[[Store], object]
) -> None:
    with pytest.raises(AppNotFound):
        call(filled)


def test_law_3_a_second_row_of_one_name_is_refused(filled: Store) -> None:
    with pytest.raises(NameTaken):
        filled.add_app(an_app(id="app_2"), an_event())
    filled.add_app(an_app(id="app_2", name="Other"), an_event())
    with pytest.raises(NameTaken):
        filled.update_app(an_app(id="app_2", version=2), an_event())
    with pytest.raises(NameTaken):
        filled.add_connection(a_connection(id="con_2"), an_event())


def test_law_3_what_may_be_missing_is_ignored(filled: Store) -> None:
    filled.touch("con_0", NOW)
    assert not filled.save_answer("att_0", "v1.answer")
    filled.close_attempt("att_0", "lost", NOW)
    filled.release_lease(Lease(connection_id="con_0", owner="worker", number=1, until=NOW))


def test_an_app_in_use_is_not_deleted(filled: Store) -> None:
    with pytest.raises(AppInUse):
        filled.delete_app("home", "app_1", an_event())
    filled.delete_connection("home", "con_1", an_event())
    filled.delete_app("home", "app_1", an_event())
    assert filled.list_apps("home") == []


# Law 4


def test_law_4_an_edit_against_another_version_overwrites_nothing(filled: Store) -> None:
    app, connection = filled.load_app("home", "app_1"), filled.load_connection("home", "con_1")
    filled.update_app(replace(app, name="First", version=2), an_event())
    filled.update_connection(replace(connection, name="First", version=2), an_event())
    with pytest.raises(ConnectionChanged):
        filled.update_app(replace(app, name="Second", version=2), an_event())
    with pytest.raises(ConnectionChanged):
        filled.update_connection(replace(connection, name="Second", version=2), an_event())
    assert filled.load_app("home", "app_1").name == "First"
    assert filled.load_connection("home", "con_1").name == "First"


def test_law_4_an_edit_leaves_what_refreshing_owns(filled: Store) -> None:
    read = filled.load_connection("home", "con_1")
    lease = lease_of(filled)
    filled.save_health("con_1", 1, Health(state="failing", failures=2), None)
    edited = replace(
        read, name="New", scopes=("all",), hosts=(), sealed_secrets="v1.new", version=2
    )
    filled.update_connection(edited, an_event())

    after = filled.load_connection("home", "con_1")
    assert (after.name, after.scopes, after.hosts) == ("New", ("all",), ())
    assert (after.sealed_secrets, after.version) == ("v1.new", 2)
    assert after.health == Health(state="failing", failures=2)
    assert (after.tokens, after.generation) == (tokens(), 1)
    assert (after.lease_owner, after.lease_number) == (lease.owner, lease.number)


@pytest.mark.parametrize("through", ["connection", "app", "both"])
def test_a_reset_takes_the_tokens_and_fences_a_refresh_under_way(
    filled: Store, through: str
) -> None:
    lease = lease_of(filled)
    app = replace(filled.load_app("home", "app_1"), version=2)
    connection = replace(filled.load_connection("home", "con_1"), version=2)
    if through == "app":
        filled.update_app(app, an_event(), reset=DEAD)
    else:
        filled.update_connection(
            connection, an_event(), app if through == "both" else None, reset=DEAD
        )
    after = filled.load_connection("home", "con_1")
    assert (after.tokens, after.health, after.generation) == (None, DEAD, 2)
    assert not filled.save_refreshed(lease, an_attempt(), tokens("t2"), AUTHORIZED, an_event())
    assert not filled.save_health("con_1", 1, AUTHORIZED, an_event())
    assert filled.load_connection("home", "con_1") == after


def test_a_reset_through_the_app_reaches_its_connections_and_no_other(filled: Store) -> None:
    filled.add_connection(a_connection(id="con_2", name="Second"), an_event())
    filled.add_app(an_app(id="app_2", name="Other"), an_event())
    filled.add_connection(a_connection(id="con_3", name="Third", app_id="app_2"), an_event())
    filled.update_app(replace(filled.load_app("home", "app_1"), version=2), an_event(), reset=DEAD)
    causes = {each.id: each.health.cause for each in filled.list_connections("home")}
    assert causes == {"con_1": DEAD.cause, "con_2": DEAD.cause, "con_3": ""}


# Law 5


def test_law_5_one_lease_lives_at_a_time(filled: Store) -> None:
    lease = lease_of(filled)
    assert lease.until > filled.now()
    assert filled.acquire_lease("con_1", "other", 1, HOUR) is None
    assert filled.acquire_lease("con_1", lease.owner, 1, HOUR) is None


def test_law_5_a_lease_that_ended_can_be_taken_and_has_a_larger_number(filled: Store) -> None:
    expired = lease_of(filled, span=timedelta(0))
    following = lease_of(filled)
    assert following.number > expired.number
    filled.release_lease(following)
    assert lease_of(filled).number > following.number


def test_law_5_a_lease_is_released_by_its_holder_alone(filled: Store) -> None:
    expired = lease_of(filled, span=timedelta(0))
    current = lease_of(filled)
    filled.release_lease(expired)
    filled.release_lease(replace(current, owner="other"))
    assert filled.load_connection("home", "con_1").lease_number == current.number
    assert filled.acquire_lease("con_1", "other", 1, HOUR) is None


def test_law_5_no_lease_for_a_generation_that_has_moved_on(filled: Store) -> None:
    assert filled.acquire_lease("con_1", "worker", 0, HOUR) is None
    assert filled.acquire_lease("con_1", "worker", 2, HOUR) is None


# Law 6


def test_law_5_a_lease_whose_holder_is_gone_can_be_taken_over(filled: Store) -> None:
    lease = lease_of(filled)
    assert filled.acquire_lease("con_1", "other", 1, HOUR, over=lease.number + 1) is None
    other = filled.acquire_lease("con_1", "other", 1, HOUR, over=lease.number)
    assert other is not None
    assert other.number == lease.number + 1
    # Of two who know that it is gone, one gets it.
    assert filled.acquire_lease("con_1", "third", 1, HOUR, over=lease.number) is None


def test_law_6_a_refresh_saves_everything_at_once(filled: Store) -> None:
    lease = lease_of(filled)
    filled.begin_attempt(an_attempt())
    filled.save_answer("att_1", "v1.answer")
    told = an_event(kind="connection.refreshed")
    assert filled.save_refreshed(lease, an_attempt(), tokens("t2"), AUTHORIZED, told)

    after = filled.load_connection("home", "con_1")
    assert (after.tokens, after.generation, after.health) == (tokens("t2"), 2, AUTHORIZED)
    assert (after.lease_owner, after.lease_until, after.lease_number) == (None, None, lease.number)
    assert filled.open_attempts() == []
    assert filled.list_events("home", "con_1", limit=1) == [told]
    assert after.version == 1


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            lambda store, lease: store.save_authorized(
                "con_1", 1, tokens("t9"), AUTHORIZED, scopes=(), event=an_event()
            ),
            id="a consent came first",
        ),
        pytest.param(lambda store, lease: store.release_lease(lease), id="the lease was released"),
    ],
)
def test_law_6_a_late_refresh_saves_nothing(
    filled: Store, spoil: Callable[[Store, Lease], object]
) -> None:
    lease = lease_of(filled)
    filled.begin_attempt(an_attempt())
    spoil(filled, lease)
    before = filled.load_connection("home", "con_1")
    told = an_event(kind="connection.refreshed")
    assert not filled.save_refreshed(lease, an_attempt(), tokens("t2"), AUTHORIZED, told)
    assert filled.load_connection("home", "con_1") == before
    assert [each.id for each in filled.open_attempts("con_1")] == ["att_1"]
    assert told not in filled.list_events("home")


def test_law_6_a_holder_whose_lease_was_taken_over_saves_nothing(filled: Store) -> None:
    late = lease_of(filled, span=timedelta(0))
    current = lease_of(filled)
    assert not filled.save_refreshed(late, an_attempt(), tokens("late"), AUTHORIZED, an_event())
    assert filled.save_refreshed(current, an_attempt(), tokens("t2"), AUTHORIZED, an_event())
    assert filled.load_connection("home", "con_1").tokens == tokens("t2")


def test_law_6_an_expired_lease_that_nobody_took_over_still_saves(filled: Store) -> None:
    lease = lease_of(filled, span=timedelta(0))
    assert filled.save_refreshed(lease, an_attempt(), tokens("t2"), AUTHORIZED, an_event())


def test_health_is_written_for_the_generation_it_speaks_of(filled: Store) -> None:
    failing = Health(state="failing", cause="timeout", failures=1, retry_at=NOW)
    told = an_event(kind="connection.failing")
    assert not filled.save_health("con_1", 0, failing, told)
    assert filled.load_connection("home", "con_1").health == AUTHORIZED
    assert filled.save_health("con_1", 1, failing, told)
    assert filled.load_connection("home", "con_1").health == failing
    assert filled.list_events("home", limit=1) == [told]


# Law 7


def test_law_7_the_first_caller_alone_finds_the_state_unused(filled: Store) -> None:
    pending = a_pending()
    filled.add_pending(pending, at_most=5)
    assert filled.take_pending(pending.state_hash, NOW + HOUR) == pending
    for later in (NOW, NOW + 2 * HOUR):
        assert filled.take_pending(pending.state_hash, later) == replace(
            pending, used_at=NOW + HOUR
        )
    assert filled.take_pending("00" * 32, NOW) is None


def test_an_owner_keeps_the_newest_consents(filled: Store) -> None:
    for minute in range(4):
        begun = NOW + timedelta(minutes=minute)
        filled.add_pending(a_pending(state_hash=str(minute), created_at=begun), at_most=2)
    filled.add_pending(a_pending(state_hash="other", owner="bob"), at_most=2)
    kept = [each for each in ("0", "1", "2", "3", "other") if filled.take_pending(each, NOW)]
    assert kept == ["2", "3", "other"]


def test_the_consent_just_begun_is_never_the_one_dropped(filled: Store) -> None:
    filled.add_pending(a_pending(state_hash="ahead", created_at=NOW + HOUR), at_most=1)
    filled.add_pending(a_pending(state_hash="new", created_at=NOW), at_most=1)
    assert filled.take_pending("new", NOW) is not None
    assert filled.take_pending("ahead", NOW) is None


# Law 8


def test_law_8_a_deleted_connection_stays_deleted(filled: Store) -> None:
    lease = lease_of(filled)
    attempt = an_attempt()
    filled.begin_attempt(attempt)
    filled.add_pending(a_pending(), at_most=5)
    filled.delete_connection("home", "con_1", an_event(kind="deleted"))

    for call in (
        lambda: filled.save_refreshed(lease, attempt, tokens("t2"), AUTHORIZED, an_event()),
        lambda: filled.save_authorized(
            "con_1", 1, tokens("t2"), AUTHORIZED, scopes=(), event=an_event()
        ),
        lambda: filled.save_health("con_1", 1, AUTHORIZED, an_event()),
        lambda: filled.acquire_lease("con_1", "worker", 1, HOUR),
        lambda: filled.begin_attempt(replace(attempt, id="att_2")),
        lambda: filled.update_connection(a_connection(version=2), an_event()),
    ):
        with pytest.raises(ConnectionNotFound):
            call()
    filled.save_answer(attempt.id, "v1.answer")
    filled.touch("con_1", NOW)
    assert filled.list_connections("home") == []
    assert filled.open_attempts() == []
    assert filled.take_pending(a_pending().state_hash, NOW) is None
    assert filled.list_events("home", limit=1)[0].kind == "deleted"


# Law 9


def test_law_9_events_outlive_what_they_tell_of(filled: Store) -> None:
    before = filled.list_events("home")
    filled.delete_connection("home", "con_1", an_event(kind="deleted"))
    much_later = NOW + 1000 * HOUR
    filled.purge(ended=much_later, made=much_later, ran=much_later, said=much_later)
    assert filled.list_events("home")[1:] == before


def test_events_come_newest_first_even_within_one_instant(store: Store) -> None:
    told = [an_event(id=f"evt_{9 - n}", subject=f"con_{n % 2}", data={"n": n}) for n in range(5)]
    for each in told:
        store.add_event(each)
    assert store.list_events("home") == told[::-1]
    assert store.list_events("home", limit=2) == told[:2:-1]
    assert store.list_events("home", "con_1") == [told[3], told[1]]


# Law 10


def test_law_10_one_key_at_most_is_primary(store: Store) -> None:
    first, second = a_key(), a_key(fingerprint="bb", created_at=NOW + HOUR)
    store.add_key(first)
    with pytest.raises(KeyUnavailable) as refused:
        store.add_key(second)
    assert refused.value.fingerprint == first.fingerprint
    with pytest.raises(KeyUnavailable):
        store.add_key(second, replacing="cc")
    assert store.list_keys() == [first]

    store.add_key(second, replacing=first.fingerprint)
    assert store.list_keys() == [replace(first, primary=False), second]
    store.add_key(first, replacing="bb")
    assert store.list_keys() == [first, replace(second, primary=False)]


def test_law_10_registering_a_key_again_changes_nothing(store: Store) -> None:
    store.add_key(a_key())
    store.add_key(a_key())
    store.add_key(a_key(primary=False))
    store.add_key(a_key(fingerprint="bb", primary=False, created_at=NOW + HOUR))
    assert [each.primary for each in store.list_keys()] == [True, False]


# Uses, attempts and housekeeping


def test_a_use_is_noted_and_never_goes_back(filled: Store) -> None:
    for used_at in (NOW, NOW + HOUR, NOW + HOUR / 2):
        filled.touch("con_1", used_at)
    assert filled.load_connection("home", "con_1").last_used_at == NOW + HOUR


def test_a_consent_counts_generations_and_notes_when(filled: Store) -> None:
    again = an_event(at=NOW + HOUR)
    assert filled.save_authorized(
        "con_1", 1, tokens("t2"), AUTHORIZED, scopes=("all",), event=again
    )
    after = filled.load_connection("home", "con_1")
    assert (after.scopes, after.authorized_at, after.version) == (("all",), NOW + HOUR, 1)
    assert after.generation == 2


def test_a_consent_writes_nothing_over_a_generation_that_moved_on(filled: Store) -> None:
    before = filled.load_connection("home", "con_1")
    assert not filled.save_authorized(
        "con_1", 0, tokens("t2"), AUTHORIZED, scopes=(), event=an_event()
    )
    assert filled.load_connection("home", "con_1") == before


def test_an_account_is_labelled(filled: Store) -> None:
    account = Account(id="7", label="ada@example.com", captured={"cloud": "Gr\u00fc\u00df"})
    filled.save_account("con_1", account)
    found = filled.load_connection("home", "con_1")
    assert (found.account_id, found.account_label) == (account.id, account.label)
    assert found.captured == account.captured


def test_attempts_are_open_until_they_are_closed_once(filled: Store) -> None:
    first = an_attempt(id="att_2")
    second = an_attempt(id="att_1", started_at=NOW + HOUR)
    filled.begin_attempt(second)
    filled.begin_attempt(first)
    filled.save_answer("att_2", "v1.answer")
    first = replace(first, sealed_answer="v1.answer")
    assert filled.open_attempts() == [first, second] == filled.open_attempts("con_1")
    assert filled.open_attempts("con_2") == []

    filled.close_attempt("att_2", "lost", NOW)
    filled.close_attempt("att_2", "saved", NOW)
    assert filled.open_attempts() == [second]


def test_an_answer_that_comes_after_all_opens_its_attempt_again(filled: Store) -> None:
    filled.begin_attempt(an_attempt())
    filled.close_attempt("att_1", "lost", NOW)
    filled.save_answer("att_1", "v1.late")
    assert filled.open_attempts() == [an_attempt(sealed_answer="v1.late")]

    filled.close_attempt("att_1", "refused", NOW)
    filled.save_answer("att_1", "v1.later")
    assert filled.open_attempts() == []


def test_a_closed_attempt_keeps_its_answer_only_as_a_candidate(filled: Store) -> None:
    for name, number, outcome in (
        ("a", 1, "candidate"),
        ("b", 2, "candidate"),
        ("c", 3, "refused"),
    ):
        filled.begin_attempt(an_attempt(id=name, lease_number=number))
        filled.save_answer(name, f"v1.{name}")
        filled.close_attempt(name, outcome, NOW)
    kept = filled.closed_attempts("con_1", 1, "candidate")
    assert [(each.id, each.sealed_answer) for each in kept] == [("b", "v1.b"), ("a", "v1.a")]
    assert filled.closed_attempts("con_1", 2, "candidate") == []
    assert [each.sealed_answer for each in filled.closed_attempts("con_1", 1, "refused")] == [None]


def test_an_attempt_that_was_taken_for_lost_can_still_be_saved(filled: Store) -> None:
    attempt = an_attempt()
    filled.begin_attempt(attempt)
    filled.close_attempt(attempt.id, "lost", NOW)
    assert filled.save_refreshed(lease_of(filled), attempt, tokens("t2"), AUTHORIZED, an_event())
    assert filled.closed_attempts("con_1", 1, "lost") == []
    assert [each.id for each in filled.closed_attempts("con_1", 1, "saved")] == ["att_1"]


# What is due


def due(store: Store, *names: str, at: datetime) -> None:
    for name in names:
        store.add_connection(a_connection(id=name, name=name), an_event())
        store.save_authorized(name, 0, tokens(due_at=at), AUTHORIZED, scopes=(), event=an_event())


def test_what_is_due_is_claimed_once_and_the_most_overdue_first(filled: Store) -> None:
    now = filled.now()
    due(filled, "con_2", at=now - HOUR)
    due(filled, "con_3", at=now - 2 * HOUR)
    due(filled, "con_4", at=now + HOUR)
    assert filled.count_due(9) == 2
    assert filled.count_due(1) == 1
    assert [each.id for each in filled.claim_due(1, HOUR)] == ["con_3"]
    assert filled.claim_due(5, HOUR) == [
        Due(id="con_2", workspace="home", app_id="app_1", generation=1)
    ]
    assert filled.claim_due(5, HOUR) == []
    assert filled.count_due(9) == 0


def test_what_was_claimed_comes_back_when_its_claim_is_over(filled: Store) -> None:
    due(filled, "con_2", at=filled.now() - HOUR)
    assert filled.claim_due(5, timedelta(0))
    assert filled.claim_due(5, HOUR)


def test_the_connections_of_some_apps_can_be_left_alone(filled: Store) -> None:
    due(filled, "con_2", at=filled.now() - HOUR)
    assert filled.claim_due(5, HOUR, but=["app_1"]) == []
    assert filled.claim_due(5, HOUR, but=["app_2"])


def test_a_failure_moves_the_turn_to_when_it_may_be_tried_again(filled: Store) -> None:
    now = filled.now()
    due(filled, "con_2", "con_3", at=now - HOUR)
    failing = Health(state="failing", retry_at=now + HOUR)
    for health, left in ((failing, 1), (Health(state="reauthorization_required"), 0)):
        assert filled.save_health(f"con_{3 - left}", 1, health, None)
        assert filled.count_due(9) == left
    # What never was due does not become so by failing.
    assert filled.save_health("con_1", 1, replace(failing, retry_at=now - HOUR), None)
    assert filled.count_due(9) == 0


def test_purging_drops_what_has_ended_and_keeps_the_rest(filled: Store) -> None:
    for name in ("open", "old", "new"):
        filled.begin_attempt(an_attempt(id=name))
    filled.close_attempt("old", "lost", NOW - HOUR)
    filled.close_attempt("new", "lost", NOW + HOUR)
    filled.add_pending(a_pending(state_hash="old", expires_at=NOW - HOUR), at_most=5)
    filled.add_pending(a_pending(state_hash="new", expires_at=NOW + HOUR), at_most=5)

    assert filled.purge(ended=NOW, made=NOW, ran=NOW, said=NOW) == 2
    assert filled.purge(ended=NOW, made=NOW, ran=NOW, said=NOW) == 0
    assert [each.id for each in filled.open_attempts()] == ["open"]
    assert filled.take_pending("old", NOW) is None
    assert filled.take_pending("new", NOW) is not None


# Laws 14 and 15


def test_law_14_a_key_that_seals_something_is_not_forgotten(filled: Store) -> None:
    for number, is_primary in ((1, True), (2, False), (3, False)):
        filled.add_key(a_key(fingerprint=f"{number}" * 16, primary=is_primary))
    record = replace(filled.load_app("home", "app_1"), version=2)
    filled.update_app(replace(record, sealed_secrets=f"v1.{'2' * 16}.head.body"), an_event())
    for fingerprint, why in (("1" * 16, "primary"), ("2" * 16, "1 in app")):
        with pytest.raises(KeyInUse, match=why):
            filled.retire_key(fingerprint)
    filled.retire_key("3" * 16)
    with pytest.raises(NotFound):
        filled.retire_key("3" * 16)
    assert {each.fingerprint for each in filled.list_keys()} == {"1" * 16, "2" * 16}
    assert filled.primary_key() == "1" * 16


def test_law_15_only_the_value_that_was_read_is_replaced(filled: Store) -> None:
    (place,) = (each for each in filled.sealed_columns() if each.table == "app")
    assert place.bound_to == "secrets"
    (old,) = filled.list_sealed(place, but="v1.", after="", limit=9)
    assert old == SealedValue("home", "app_1", "v1.sealed")
    assert filled.list_sealed(place, but="v1.sealed", after="", limit=9) == []
    assert filled.list_sealed(place, but="v1.", after="app_1", limit=9) == []
    stale = replace(old, sealed="v1.older")
    assert filled.replace_sealed(place, [(stale, "v1.lost"), (old, "v1.new")]) == 1
    assert filled.load_app("home", "app_1").sealed_secrets == "v1.new"
    counted = {each.head: each.count for each in filled.count_sealed() if each.place == place}
    assert counted == {"v1.new": 1}


def test_a_store_remembers_where_its_only_copy_is(store: Store) -> None:
    store.settle("here", "production")
    found = store.instance()
    assert (found.place, found.name, found.restored_from) == ("here", "production", None)
    assert store.place() == store.place()
