"""The same laws for credentials, and for the saved requests that refer to them."""

from dataclasses import replace
from typing import Any

import pytest

from grantline.errors import ConnectionChanged, GrantlineError, NameTaken, NotFound
from grantline.store.protocol.store import Store
from grantline.store.records.credentials import ListedCredential
from grantline.store.records.page import Page
from tests.records import HOUR, NOW, a_credential, a_request, an_event

PLACES = ("credential_id", "certificate_id", "authority_id", "proxy_id")


def test_a_credential_comes_back_as_it_was_given(store: Store) -> None:
    certificate = a_credential(
        id="crd_2", name="Bank", kind="certificate", details={}, hosts=(), expires_at=NOW + HOUR
    )
    store.add_credential(a_credential(), an_event(kind="credential.created"))
    store.add_credential(certificate, an_event())
    assert store.load_credential("home", "crd_1") == a_credential()
    assert store.find_credential("home", "Bank") == certificate
    assert store.list_events("home")[-1].kind == "credential.created"


def test_law_2_another_workspace_has_no_such_credential(store: Store) -> None:
    store.add_credential(a_credential(), an_event())
    for call in (
        lambda: store.load_credential("away", "crd_1"),
        lambda: store.find_credential("away", "Weather key"),
        lambda: store.update_credential(a_credential(workspace="away", version=2), an_event()),
        lambda: store.delete_credential("away", "crd_1", an_event()),
        lambda: store.load_credential("home", "crd_0"),
        lambda: store.update_credential(a_credential(id="crd_0", version=2), an_event()),
        lambda: store.delete_credential("home", "crd_0", an_event()),
    ):
        with pytest.raises(NotFound):
            call()
    assert store.page_credentials("away") == Page((), 0)
    assert store.credential_names("away", ("crd_1",)) == {}
    assert store.page_requests("away", credential_id="crd_1") == Page((), 0)
    assert store.load_credential("home", "crd_1") == a_credential()


def test_law_4_an_edit_of_a_credential_is_made_against_a_version(store: Store) -> None:
    store.add_credential(a_credential(), an_event())
    edited = a_credential(
        name="Other",
        details={"key_name": "X"},
        hosts=("a.example",),
        sealed_secrets="v1.new",
        expires_at=NOW,
        version=2,
        updated_at=NOW + HOUR,
    )
    never = replace(edited, kind="proxy", owner="grace", created_at=NOW + HOUR)
    store.update_credential(never, an_event())
    assert store.load_credential("home", "crd_1") == edited
    with pytest.raises(ConnectionChanged) as refused:
        store.update_credential(replace(edited, name="Late"), an_event())
    assert "credential" in refused.value.message


def test_law_3_a_name_is_one_credentials_in_its_workspace(store: Store) -> None:
    store.add_credential(a_credential(), an_event())
    store.add_credential(a_credential(id="crd_2", workspace="away"), an_event())
    with pytest.raises(NameTaken):
        store.add_credential(a_credential(id="crd_3"), an_event())
    store.add_credential(a_credential(id="crd_3", name="Other"), an_event())
    with pytest.raises(NameTaken):
        store.update_credential(a_credential(id="crd_3", version=2), an_event())


def test_a_use_of_a_credential_only_moves_on(store: Store) -> None:
    store.add_credential(a_credential(), an_event())
    for at in (NOW + HOUR, NOW):
        store.touch_credential("crd_1", at)
    store.touch_credential("crd_0", NOW)
    assert store.load_credential("home", "crd_1").last_used_at == NOW + HOUR


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, "312"),
        ({"query": "WEATHER"}, "1"),
        ({"query": "bank.example"}, "2"),
        ({"kinds": ("proxy", "certificate")}, "32"),
        ({"kinds": ("key",), "query": "bank"}, ""),
        ({"offset": 1, "limit": 1}, "1"),
        ({"offset": 9}, ""),
    ],
)
def test_credentials_come_by_name_and_filtered(
    store: Store, filters: dict[str, Any], found: str
) -> None:
    proxy = a_credential(id="crd_3", name="Office", kind="proxy", hosts=())
    bank = a_credential(id="crd_2", name="Yes bank", kind="certificate", hosts=("bank.example",))
    for each in (a_credential(), bank, proxy):
        store.add_credential(each, an_event())
    page = store.page_credentials("home", **filters)
    assert "".join(each.credential.id[-1] for each in page.rows) == found
    assert page.total == (3 if "offset" in filters else len(found))


def test_law_13_requests_outlive_the_credentials_they_name(store: Store) -> None:
    store.add_credential(a_credential(), an_event())
    requests = [
        a_request(id=f"req_{place}", name=place, connection_id=None, **{place: "crd_1"})
        for place in PLACES
    ]
    for each in requests:
        store.add_request(each, an_event())
    store.add_request(a_request(workspace="away", **dict.fromkeys(PLACES, "crd_1")), an_event())

    by_name = sorted(requests, key=lambda each: each.name)
    assert store.page_requests("home", credential_id="crd_1") == Page(tuple(by_name), 4)
    assert store.page_credentials("home").rows == (ListedCredential(a_credential(), 4),)
    assert store.credential_names("home", ("crd_1", "crd_0")) == {"crd_1": "Weather key"}

    moved = replace(requests[0], credential_id=None, version=2)
    store.update_request(moved, an_event())
    assert store.page_requests("home", credential_id="crd_1").total == 3
    store.delete_credential("home", "crd_1", an_event())
    assert store.load_request("home", "req_proxy_id").proxy_id == "crd_1"


def test_law_1_a_request_and_the_credential_typed_with_it_are_both_written_or_neither(
    store: Store,
) -> None:
    request = a_request(credential_id="crd_1", connection_id=None)
    store.add_request(request, an_event(), (a_credential(), an_event(kind="credential.created")))
    assert store.load_request("home", "req_1") == request
    assert store.load_credential("home", "crd_1") == a_credential()

    def refused(error: type[GrantlineError], write: Any, row: Any, name: str) -> None:
        with pytest.raises(error):
            write(row, an_event(), (a_credential(id="crd_2", name=name), an_event()))

    other = a_request(id="req_2", name="Other")
    refused(NameTaken, store.add_request, other, "Weather key")
    refused(NameTaken, store.add_request, a_request(id="req_2"), "Second")
    refused(ConnectionChanged, store.update_request, request, "Second")
    assert store.page_credentials("home").total == store.page_requests("home").total == 1

    edited = replace(request, credential_id="crd_2", version=2)
    second = a_credential(id="crd_2", name="Second")
    store.update_request(edited, an_event(), (second, an_event()))
    assert store.load_credential("home", "crd_2") == second
    assert store.load_request("home", "req_1") == edited
