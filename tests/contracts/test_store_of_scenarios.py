"""The laws of ``grantline.store.protocol`` for scenarios and what they refer to."""

from dataclasses import replace

import pytest

from grantline.errors import ConnectionChanged, NameTaken, NotFound
from grantline.store.protocol.store import Store
from grantline.store.records.page import Page
from grantline.store.records.scenarios import ScenarioUse, UseKind
from tests.records import HOUR, NOW, a_credential, a_request, a_scenario, an_event, as_listed

MAIL = ScenarioUse(UseKind.CONNECTION, "con_1")
WEATHER = ScenarioUse(UseKind.CREDENTIAL, "crd_1")
NIGHTLY = {"trigger_kind": "schedule", "cron": "0 3 * * *", "time_zone": "Europe/Berlin"}


def test_scenarios_come_back_as_they_were_given(store: Store) -> None:
    manual, nightly = a_scenario(), a_scenario(id="scn_2", name="A second", **NIGHTLY)
    store.add_scenario(manual, [MAIL, WEATHER, MAIL], an_event(subject="scn_1", kind="made"))
    store.add_scenario(nightly, [], an_event())

    assert store.load_scenario("home", "scn_1") == manual
    assert store.find_scenario("home", "A second") == nightly
    assert store.page_scenarios("home") == Page((as_listed(nightly), as_listed(manual)), 2)
    assert store.page_scenarios("home", offset=1, limit=1) == Page((as_listed(manual),), 2)
    assert store.page_scenarios("home", query="NIGHT") == Page((as_listed(manual),), 1)
    assert store.page_scenarios("home", query="100%").total == 0
    assert store.page_scenarios("away") == Page((), 0)
    assert store.scenario_names("home", ["scn_1", "scn_9"]) == {"scn_1": "Nightly copy"}
    assert store.scenario_names("away", ["scn_1"]) == {}
    (told,) = store.list_events("home", "scn_1")
    assert told.kind == "made"


def test_law_1_a_scenario_whose_name_is_taken_leaves_nothing_behind(store: Store) -> None:
    store.add_scenario(a_scenario(), [], an_event())
    with pytest.raises(NameTaken):
        store.add_scenario(a_scenario(id="scn_2"), [MAIL], an_event(kind="lost"))
    assert store.page_scenarios("home", connection_id="con_1").total == 0
    assert all(event.kind != "lost" for event in store.list_events("home"))


def test_law_2_another_workspace_has_no_such_scenario(store: Store) -> None:
    store.add_scenario(a_scenario(), [MAIL], an_event())
    for call in (
        lambda: store.load_scenario("away", "scn_1"),
        lambda: store.find_scenario("away", "Nightly copy"),
        lambda: store.update_scenario(
            a_scenario(workspace="away", version=2), [MAIL], an_event(kind="lost")
        ),
        lambda: store.switch_scenario("away", "scn_1", 1, is_active=True, event=an_event()),
        lambda: store.replace_hook(
            "away", "scn_1", hook_digest="d", sealed_hook="s", updated_at=NOW, event=an_event()
        ),
        lambda: store.delete_scenario("away", "scn_1", an_event()),
        lambda: store.load_scenario("home", "scn_0"),
    ):
        with pytest.raises(NotFound):
            call()
    assert store.page_scenarios("away", connection_id="con_1") == Page((), 0)
    assert store.load_scenario("home", "scn_1") == a_scenario()
    assert all(event.kind != "lost" for event in store.list_events("home"))


def test_law_4_an_edit_of_a_scenario_overwrites_no_other(store: Store) -> None:
    store.add_scenario(a_scenario(), [MAIL], an_event())
    edited = a_scenario(
        name="New", at_once=3, modules=4, sealed_definition="v1.2", version=2, **NIGHTLY
    )
    store.update_scenario(edited, [WEATHER], an_event())
    with pytest.raises(ConnectionChanged, match="scenario"):
        store.update_scenario(replace(edited, name="Late"), [MAIL], an_event())

    assert store.load_scenario("home", "scn_1") == edited
    assert store.page_scenarios("home", connection_id="con_1").total == 0
    assert store.page_scenarios("home", credential_id="crd_1").total == 1
    store.add_scenario(a_scenario(id="scn_2", name="Other"), [], an_event())
    with pytest.raises(NameTaken):
        store.update_scenario(a_scenario(id="scn_2", name="New", version=2), [], an_event())


def test_an_edit_leaves_the_address_of_the_webhook_alone(store: Store) -> None:
    store.add_scenario(a_scenario(), [], an_event())
    read = store.load_scenario("home", "scn_1")
    store.replace_hook(
        "home", "scn_1", hook_digest="new", sealed_hook="v1.n", updated_at=NOW, event=an_event()
    )
    store.update_scenario(replace(read, name="New", version=2), [], an_event())

    after = store.load_scenario("home", "scn_1")
    assert (after.name, after.hook_digest, after.sealed_hook) == ("New", "new", "v1.n")


def test_only_the_version_that_was_looked_at_is_switched_on(store: Store) -> None:
    store.add_scenario(a_scenario(), [], an_event())
    store.update_scenario(a_scenario(version=2), [], an_event())
    with pytest.raises(ConnectionChanged):
        store.switch_scenario("home", "scn_1", 1, is_active=True, event=an_event(kind="lost"))
    assert not store.load_scenario("home", "scn_1").is_active

    store.switch_scenario("home", "scn_1", 2, is_active=True, event=an_event(kind="on"))
    assert store.load_scenario("home", "scn_1") == a_scenario(version=2, is_active=True)
    assert store.list_events("home", limit=1)[0].kind == "on"


def test_an_edit_made_while_a_scenario_was_off_does_not_reach_one_that_is_on(store: Store) -> None:
    store.add_scenario(a_scenario(), [], an_event())
    store.switch_scenario("home", "scn_1", 1, is_active=True, event=an_event())
    with pytest.raises(ConnectionChanged):
        store.update_scenario(a_scenario(version=2), [], an_event())
    store.update_scenario(a_scenario(version=2, is_active=True), [], an_event())
    assert store.load_scenario("home", "scn_1").version == 2


def test_what_the_clock_starts_is_active_and_has_a_schedule(store: Store) -> None:
    shown = a_scenario(id="scn_1", is_active=True, **NIGHTLY)
    away = a_scenario(id="scn_2", workspace="away", is_active=True, **NIGHTLY)
    for each in (
        away,
        shown,
        a_scenario(id="scn_3", name="Off", **NIGHTLY),
        a_scenario(id="scn_4", name="By hand", is_active=True),
    ):
        store.add_scenario(each, [], an_event())
    assert store.list_scheduled() == [as_listed(shown), as_listed(away)]
    assert store.find_scheduled(away.id) == as_listed(away)
    assert store.find_scheduled("scn_3") is store.find_scheduled("scn_4") is None
    assert store.page_scenarios("home", is_active=True).total == 2
    assert store.page_scenarios("home", is_active=False).total == 1


def test_a_webhook_is_found_by_its_address_while_that_is_its_trigger(store: Store) -> None:
    hooked = a_scenario(trigger_kind="webhook")
    store.add_scenario(hooked, [], an_event())
    store.add_scenario(a_scenario(id="scn_2", name="By hand"), [], an_event())

    assert store.find_hooked(hooked.hook_digest) == hooked
    assert store.find_hooked("digest of scn_2") is None
    assert store.find_hooked("") is None
    store.replace_hook(
        "home",
        "scn_1",
        hook_digest="new",
        sealed_hook="v1.new",
        updated_at=NOW + HOUR,
        event=an_event(),
    )
    assert store.find_hooked(hooked.hook_digest) is None
    found = store.find_hooked("new")
    assert found == replace(hooked, hook_digest="new", sealed_hook="v1.new", updated_at=NOW + HOUR)


def test_uses_count_scenarios_beside_saved_requests(filled: Store) -> None:
    filled.add_credential(a_credential(), an_event())
    filled.add_request(a_request(credential_id="crd_1"), an_event())
    filled.add_scenario(a_scenario(), [MAIL, WEATHER], an_event())
    filled.add_scenario(a_scenario(id="scn_2", name="Other"), [MAIL], an_event())
    filled.add_scenario(a_scenario(id="scn_3", workspace="away"), [MAIL], an_event())

    (connection,) = filled.page_connections("home").rows
    (credential,) = filled.page_credentials("home").rows
    assert (connection.uses, credential.uses) == (3, 2)
    names = [each.name for each in filled.page_scenarios("home", connection_id="con_1").rows]
    assert names == ["Nightly copy", "Other"]
    assert filled.page_scenarios("home", connection_id="con_1", query="oth").total == 1


def test_law_13_a_scenario_outlives_what_it_refers_to(filled: Store) -> None:
    filled.add_scenario(a_scenario(), [MAIL], an_event())
    filled.delete_connection("home", "con_1", an_event())
    assert filled.page_scenarios("home", connection_id="con_1").total == 1
    filled.delete_scenario("home", "scn_1", an_event(kind="gone"))
    assert filled.page_scenarios("home", connection_id="con_1").total == 0
    with pytest.raises(NotFound):
        filled.delete_scenario("home", "scn_1", an_event())
