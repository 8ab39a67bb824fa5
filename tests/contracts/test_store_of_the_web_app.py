"""The same laws for what the web app keeps: people, keys, requests, runs, transcripts, lists."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from grantline.errors import (
    ConnectionChanged,
    ConnectionNotFound,
    GrantlineError,
    NameTaken,
    NotFound,
)
from grantline.store.protocol.store import Store
from grantline.store.records.connections import Account, Glance, Health
from grantline.store.records.page import Page
from tests.records import (
    HOUR,
    NOW,
    a_connection,
    a_line,
    a_pending,
    a_request,
    a_run,
    a_session,
    a_user,
    an_api_key,
    an_app,
    an_event,
)

# People, sessions and keys


@pytest.fixture
def inhabited(store: Store) -> Store:
    """An installation with its owner."""
    store.add_first_user(a_user(), an_event(kind="user.created"))
    return store


def test_people_come_back_as_they_were_given(inhabited: Store) -> None:
    other = a_user(id="usr_2", name="grace", role="member", disabled_at=NOW)
    inhabited.add_user(other, an_event())
    assert inhabited.load_user("home", "usr_1") == a_user() == inhabited.find_user("ada")
    assert inhabited.list_users("home") == [a_user(), other]
    assert inhabited.list_users("away") == []
    assert inhabited.find_user("nobody") is None
    with pytest.raises(NotFound):
        inhabited.load_user("away", "usr_1")


def test_law_11_there_is_one_first_user(store: Store) -> None:
    def claim(number: int) -> GrantlineError | None:
        try:
            user = a_user(id=f"usr_{number}", name=f"person {number}")
            store.add_first_user(user, an_event(kind="user.created"))
        except GrantlineError as error:
            return error
        return None

    assert not store.has_users()
    with ThreadPoolExecutor(4) as threads:
        refusals = [each for each in threads.map(claim, range(8)) if each is not None]
    assert len(refusals) == 7
    assert {type(each) for each in refusals} == {NameTaken}
    assert store.has_users()
    assert [each.kind for each in store.list_events("home")] == ["user.created"]


def test_a_name_is_one_persons_in_all_workspaces(inhabited: Store) -> None:
    with pytest.raises(NameTaken):
        inhabited.add_user(a_user(id="usr_2", workspace="away"), an_event())
    inhabited.add_user(a_user(id="usr_2", name="grace"), an_event())
    with pytest.raises(NameTaken):
        inhabited.update_user(a_user(id="usr_2"), an_event())


def test_an_edit_of_a_person_leaves_the_rest(inhabited: Store) -> None:
    inhabited.update_user(
        a_user(name="ada l", password_hash="new", role="member", created_at=NOW + HOUR), an_event()
    )
    expected = a_user(name="ada l", password_hash="new", role="member")
    assert inhabited.load_user("home", "usr_1") == expected
    with pytest.raises(NotFound):
        inhabited.update_user(a_user(workspace="away"), an_event())


def test_law_12_a_session_is_found_until_it_ends(inhabited: Store) -> None:
    inhabited.add_session(a_session())
    token = a_session().token_hash
    assert inhabited.find_session(token, NOW) == (a_session(), a_user())
    assert inhabited.find_session(token, NOW + HOUR) is None
    assert inhabited.find_session("00" * 32, NOW) is None

    inhabited.touch_session(token, NOW + HOUR, NOW + 2 * HOUR)
    found = inhabited.find_session(token, NOW + HOUR)
    assert found is not None
    assert found[0] == a_session(seen_at=NOW + HOUR, expires_at=NOW + 2 * HOUR)

    inhabited.end_session(token)
    inhabited.end_session(token)
    inhabited.touch_session(token, NOW, NOW + HOUR)
    assert inhabited.find_session(token, NOW) is None


def test_every_session_of_a_person_but_one_ends(inhabited: Store) -> None:
    hashes = ["a" * 64, "b" * 64, "c" * 64]
    for each in hashes:
        inhabited.add_session(a_session(token_hash=each))
    assert inhabited.end_sessions("usr_1", but="b" * 64) == 2
    assert [inhabited.find_session(each, NOW) is not None for each in hashes] == [
        False,
        True,
        False,
    ]
    assert inhabited.end_sessions("usr_1") == 1


def test_law_12_a_disabled_person_has_neither_session_nor_key(inhabited: Store) -> None:
    inhabited.add_session(a_session())
    inhabited.add_api_key(an_api_key(), an_event())
    inhabited.update_user(a_user(disabled_at=NOW), an_event())
    assert inhabited.find_session(a_session().token_hash, NOW) is None
    assert inhabited.find_api_key(an_api_key().key_hash) is None


def test_a_session_needs_a_person_of_its_workspace(inhabited: Store) -> None:
    for changes in ({"user_id": "usr_0"}, {"workspace": "away"}):
        with pytest.raises(NotFound):
            inhabited.add_session(a_session(**changes))


def test_law_12_a_revoked_key_is_not_found(inhabited: Store) -> None:
    key, other = an_api_key(), an_api_key(id="key_2", key_hash="ff" * 32, scope="manage")
    inhabited.add_api_key(key, an_event())
    inhabited.add_api_key(other, an_event())
    assert inhabited.find_api_key(key.key_hash) == key
    for used_at in (NOW, NOW + HOUR, NOW + HOUR / 2):
        inhabited.touch_api_key("key_1", used_at)
    inhabited.touch_api_key("key_0", NOW)

    with pytest.raises(NotFound):
        inhabited.revoke_api_key("away", "key_1", NOW, an_event())
    inhabited.revoke_api_key("home", "key_1", NOW, an_event(kind="api_key.revoked"))
    inhabited.revoke_api_key("home", "key_1", NOW + HOUR, an_event(kind="twice"))

    assert inhabited.find_api_key(key.key_hash) is None
    revoked = replace(key, last_used_at=NOW + HOUR, revoked_at=NOW)
    assert inhabited.list_api_keys("home") == [other, revoked]
    assert inhabited.list_api_keys("away") == []
    assert inhabited.list_events("home", limit=1)[0].kind == "api_key.revoked"


def test_purging_drops_sessions_that_expired(inhabited: Store) -> None:
    inhabited.add_session(a_session())
    inhabited.add_session(a_session(token_hash="old", expires_at=NOW - HOUR))
    assert inhabited.purge(ended=NOW, made=NOW, ran=NOW, said=NOW) == 1
    assert inhabited.find_session(a_session().token_hash, NOW) is not None


# Saved requests


def test_saved_requests_come_back_as_they_were_given(store: Store) -> None:
    store.add_request(a_request(), an_event())
    alone = a_request(id="req_2", name="A public page", connection_id=None)
    store.add_request(alone, an_event())
    assert store.load_request("home", "req_1") == a_request()
    assert store.find_request("home", "A public page") == alone
    assert store.page_requests("home") == Page((alone, a_request()), 2)
    assert store.page_requests("home", offset=1, limit=1) == Page((a_request(),), 2)
    assert store.page_requests("home", query="PUBLIC") == Page((alone,), 1)
    assert store.page_requests("home", query="example.com/MAIL").total == 2
    assert store.page_requests("home", query="100%").total == 0
    assert store.page_requests("away") == Page((), 0)


def test_law_2_another_workspace_has_no_such_request(store: Store) -> None:
    store.add_request(a_request(), an_event())
    foreign = a_request(workspace="away", version=2)
    for call in (
        lambda: store.load_request("away", "req_1"),
        lambda: store.find_request("away", "List my mail"),
        lambda: store.update_request(foreign, an_event()),
        lambda: store.delete_request("away", "req_1", an_event()),
        lambda: store.load_request("home", "req_0"),
    ):
        with pytest.raises(NotFound):
            call()
    assert store.page_requests("away", connection_id="con_1") == Page((), 0)
    assert store.load_request("home", "req_1") == a_request()


def test_law_4_an_edit_of_a_request_overwrites_no_other(store: Store) -> None:
    store.add_request(a_request(), an_event())
    edited = a_request(name="New", method="PUT", connection_id=None, sealed_spec="v1.2", version=2)
    store.update_request(edited, an_event())
    with pytest.raises(ConnectionChanged):
        store.update_request(replace(edited, name="Late"), an_event())
    assert store.load_request("home", "req_1") == edited
    store.add_request(a_request(id="req_2", name="Other"), an_event())
    with pytest.raises(NameTaken):
        store.update_request(a_request(id="req_2", name="New", version=2), an_event())


def test_law_13_a_request_and_its_runs_outlive_their_connection(filled: Store) -> None:
    filled.add_request(a_request(), an_event())
    filled.add_run(a_run(), "v1.detail")
    assert filled.page_requests("home", connection_id="con_1") == Page((a_request(),), 1)
    assert filled.page_requests("home", connection_id="con_1", query="no such").total == 0
    assert filled.page_requests("home", connection_id="con_2").total == 0
    filled.delete_connection("home", "con_1", an_event())
    assert filled.load_request("home", "req_1").connection_id == "con_1"
    filled.delete_request("home", "req_1", an_event())
    assert filled.load_run("home", "run_1") == (a_run(), "v1.detail")
    assert filled.page_requests("home", connection_id="con_1").total == 0


# Runs


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, "54321"),
        ({"query": "ORDERS"}, "2"),
        ({"query": "post"}, "3"),
        ({"connection_id": "con_2"}, "4"),
        ({"request_id": "req_2"}, "5"),
        ({"status_class": 2}, "4321"),
        ({"status_class": 0}, "5"),
        ({"status_class": 5}, ""),
        ({"status_class": 2, "query": "orders"}, "2"),
        ({"offset": 1, "limit": 2}, "43"),
        ({"offset": 9}, ""),
    ],
)
def test_runs_come_newest_first_and_filtered(
    store: Store, filters: dict[str, Any], found: str
) -> None:
    odd: dict[int, dict[str, Any]] = {
        2: {"url": "https://api.example.com/orders"},
        3: {"method": "POST", "at": NOW + HOUR * 3 - HOUR / 2},
        4: {"connection_id": "con_2", "status": 201},
        5: {"request_id": "req_2", "status": None, "error_code": "transport_failed"},
    }
    runs = [
        a_run(**{"id": f"run_{each}", "at": NOW + each * HOUR, **odd.get(each, {})})
        for each in (3, 1, 5, 2, 4)
    ]
    for each in runs:
        store.add_run(each, "v1.detail")
    page = store.page_runs("home", **filters)
    assert "".join(each.id[-1] for each in page.rows) == found
    assert all(each in runs for each in page.rows)
    assert page.total == (5 if "offset" in filters else len(found))
    assert store.page_runs("away", **filters) == Page((), 0)


def test_law_2_another_workspace_has_no_such_run(store: Store) -> None:
    store.add_run(a_run(), "v1.detail")
    for call in (
        lambda: store.load_run("away", "run_1"),
        lambda: store.delete_run("away", "run_1"),
        lambda: store.delete_run("home", "run_0"),
    ):
        with pytest.raises(NotFound):
            call()
    assert store.purge_runs("away", before=NOW + HOUR, at_most=0) == 0
    store.delete_run("home", "run_1")
    assert store.page_runs("home").total == 0


def test_runs_are_purged_by_age_and_by_number(store: Store) -> None:
    for each in range(6):
        store.add_run(a_run(id=f"run_{each}", at=NOW + each * HOUR), "v1.detail")
    assert store.purge_runs("home", before=NOW + 2 * HOUR, at_most=10) == 2
    assert store.purge_runs("home", before=NOW, at_most=3) == 1
    assert [each.id for each in store.page_runs("home").rows] == ["run_5", "run_4", "run_3"]


def test_runs_and_lines_of_transcripts_are_purged_by_age_in_every_workspace(filled: Store) -> None:
    for each in range(3):
        filled.add_run(
            a_run(id=f"run_{each}", workspace=("home", "away")[each % 2], at=NOW + each * HOUR),
            "v1.detail",
        )
        filled.add_transcript_line(a_line(id=f"lin_{each}", at=NOW + each * HOUR), at_most=9)
    assert filled.purge(ended=NOW, made=NOW + 2 * HOUR, ran=NOW, said=NOW + HOUR) == 3
    assert [each.id for each in filled.page_runs("home").rows] == ["run_2"]
    assert filled.page_runs("away").total == 0
    kept = filled.list_transcript("home", "con_1")
    assert [each.id for each in kept] == ["lin_1", "lin_2"]


def test_the_latest_run_of_each_saved_request(filled: Store) -> None:
    filled.add_request(a_request(), an_event())
    filled.add_request(a_request(id="req_2", name="other"), an_event())
    for number, request in enumerate(("req_1", "req_1", "req_gone", None)):
        filled.add_run(
            a_run(id=f"run_{number}", at=NOW + number * HOUR, request_id=request), "v1.detail"
        )
    asked = ("req_1", "req_2", "req_gone")
    assert [each.id for each in filled.latest_runs("home", asked)] == ["run_1"]
    assert filled.latest_runs("away", asked) == []


def test_the_names_of_connections(filled: Store) -> None:
    name = filled.load_connection("home", "con_1").name
    assert filled.connection_names("home", ("con_1", "con_gone")) == {"con_1": name}
    assert filled.connection_names("away", ("con_1",)) == {}


# Transcripts


def test_a_transcript_keeps_the_newest_lines_of_each_connection(filled: Store) -> None:
    filled.add_connection(a_connection(id="con_2", name="Other"), an_event())
    for each in range(5):
        filled.add_transcript_line(a_line(id=f"lin_{each}", at=NOW + each * HOUR), at_most=3)
        other = a_line(id=f"lin_2{each}", connection_id="con_2")
        filled.add_transcript_line(other, at_most=9)
    kept = filled.list_transcript("home", "con_1")
    assert [each.id for each in kept] == ["lin_2", "lin_3", "lin_4"]
    assert kept[0] == a_line(id="lin_2", at=NOW + 2 * HOUR)
    assert len(filled.list_transcript("home", "con_2")) == 5
    assert filled.list_transcript("away", "con_1") == []


def test_law_13_a_transcript_goes_with_its_connection(filled: Store) -> None:
    filled.add_transcript_line(a_line(), at_most=3)
    filled.delete_connection("home", "con_1", an_event())
    filled.add_transcript_line(a_line(id="lin_2"), at_most=3)
    filled.add_transcript_line(a_line(id="lin_3", workspace="away"), at_most=3)
    assert filled.list_transcript("home", "con_1") == []
    assert filled.list_transcript("away", "con_1") == []


# The list of connections


@pytest.fixture
def many(store: Store) -> Store:
    """Three connections of two apps: b, a and c, in this order of creation."""
    store.add_connection(a_connection(id="con_1", name="b"), an_event(), an_app())
    failing = Health(state="failing", cause="timeout", explanation="It is slow.")
    store.add_connection(
        a_connection(id="con_2", name="a", app_id="app_2", health=failing, owner="grace"),
        an_event(),
        an_app(id="app_2", name="Ledger", provider="books"),
    )
    store.add_connection(a_connection(id="con_3", name="c"), an_event())
    store.save_account("con_3", Account(label="ada@50%_off.example"))
    store.add_request(a_request(connection_id="con_2"), an_event())
    store.add_request(a_request(id="req_2", name="Other", connection_id="con_2"), an_event())
    return store


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, "abc"),
        ({"query": "C"}, "c"),
        ({"query": "ledg"}, "a"),
        ({"query": "BOOKS"}, "a"),
        ({"query": "ada@"}, "c"),
        ({"query": "%_"}, "c"),
        ({"query": "_"}, "c"),
        ({"owner": "ada"}, "bc"),
        ({"states": ("failing", "expiring")}, "a"),
        ({"states": ["draft"], "query": "mail"}, "bc"),
        ({"offset": 1, "limit": 1}, "b"),
        ({"offset": 3}, ""),
    ],
)
def test_connections_are_listed_by_name_and_filtered(
    many: Store, filters: dict[str, Any], names: str
) -> None:
    page = many.page_connections("home", **filters)
    assert "".join(each.connection.name for each in page.rows) == names
    assert page.total == (3 if "offset" in filters else len(names))
    assert many.page_connections("away", **filters) == Page((), 0)


def test_a_listed_connection_is_whole_with_its_app_and_its_uses(many: Store) -> None:
    first, second, _ = many.page_connections("home").rows
    assert first.connection == many.load_connection("home", "con_2")
    assert first.app == many.load_app("home", "app_2")
    assert (first.uses, second.uses) == (2, 0)


def test_a_glance_sees_what_changes(filled: Store) -> None:
    assert filled.glance("home", "con_1") == Glance(generation=1, version=1, state="authorized")
    for workspace, name in (("away", "con_1"), ("home", "con_0")):
        with pytest.raises(ConnectionNotFound):
            filled.glance(workspace, name)


# Consents under way


def test_a_consent_can_be_looked_at_without_being_used(filled: Store) -> None:
    filled.add_pending(a_pending(), at_most=5)
    assert filled.find_pending(a_pending().state_hash) == a_pending()
    assert filled.find_pending("unknown") is None
    assert filled.take_pending(a_pending().state_hash, NOW) == a_pending()


def test_consents_that_wait_are_listed_newest_first(filled: Store) -> None:
    changes: list[dict[str, Any]] = [
        {"state_hash": "first"},
        {"state_hash": "second", "created_at": NOW + HOUR},
        {"state_hash": "expired", "expires_at": NOW},
        {"state_hash": "of another", "owner": "grace"},
        {"state_hash": "used"},
    ]
    for each in changes:
        filled.add_pending(a_pending(**each), at_most=5)
    filled.take_pending("used", NOW)
    waiting = filled.list_pending("home", "ada", NOW)
    assert [each.state_hash for each in waiting] == ["second", "first"]
    assert filled.list_pending("away", "ada", NOW) == []


@pytest.mark.parametrize(
    "add",
    [
        lambda store: store.add_request(a_request(id="req_2"), an_event(kind="lost")),
        lambda store: store.add_user(a_user(id="usr_2"), an_event(kind="lost")),
        lambda store: store.add_api_key(an_api_key(id="key_2"), an_event(kind="lost")),
    ],
)
def test_law_1_what_is_refused_leaves_no_event(
    inhabited: Store, add: Callable[[Store], object]
) -> None:
    inhabited.add_request(a_request(), an_event())
    inhabited.add_api_key(an_api_key(), an_event())
    with pytest.raises(GrantlineError):
        add(inhabited)
    assert all(event.kind != "lost" for event in inhabited.list_events("home"))
