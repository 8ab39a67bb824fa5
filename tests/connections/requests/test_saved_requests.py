"""Requests kept under a name: nothing of them is in the clear, and they follow their connection."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.bodies.content import Content
from grantline.calls.pagination import Pagination, PaginationType, ParameterPlace
from grantline.calls.query import ArrayStyle
from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.credentials.authentication import BasicCredential, KeyCredential
from grantline.connections.credentials.credential import CredentialIds, Kind
from grantline.connections.engine import LOCAL
from grantline.connections.planning import ConnectionEdit
from grantline.connections.requests.saved_requests import (
    NewRequest,
    RequestEdit,
    spec_from_plain,
    spec_to_plain,
)
from grantline.errors import (
    ConnectionChanged,
    ConnectionNotFound,
    EgressBlocked,
    InvalidInput,
    NameTaken,
    NotFound,
)
from grantline.messages import AddressFamily, TlsVersion
from grantline.secret import Secret
from grantline.vault.envelope import Place
from tests.canary import assert_no_canary
from tests.connections.world import World

CANARY = "canary-saved-9f8e7d6c5b4a"
FULL = RequestSpec(
    method="PUT",
    url="https://api.example.com/things/1?draft=1",
    headers=(("X-A", "1"), ("X-A", "2")),
    query=(("q", CANARY), ("q", "")),
    content=Content(b"\x00\xff" + CANARY.encode(), "application/octet-stream"),
    array_style=ArrayStyle.COMMA,
    compress=True,
    accept_compressed=False,
    follow_redirects=False,
    timeout=timedelta(seconds=1.5),
    connect_timeout=timedelta(seconds=0.5),
    minimum_tls=TlsVersion.TLS_1_3,
    address_family=AddressFamily.IPV6,
    parse_response=False,
    fail_on=("4xx", "500-504"),
    retry=RetryPolicy(attempts=7, within=timedelta(seconds=9.5), methods=("POST",)),
    pagination=Pagination(
        type=PaginationType.TOKEN,
        next="header:X-Next",
        place=ParameterPlace.BODY,
        start=0,
        max_pages=5,
    ),
)
KEY = KeyCredential(name="X-Service", value=Secret(CANARY))
STRANGER = Actor(workspace="away")


@pytest.mark.parametrize("spec", [FULL, RequestSpec(url="/me")])
def test_a_request_comes_back_from_json(spec: RequestSpec) -> None:
    assert spec_from_plain(spec_to_plain(spec)) == spec


def test_a_request_that_an_earlier_version_kept_is_read_as_it_was_meant() -> None:
    kept = {
        "url": "/x",
        "method": "POST",
        "headers": [["X-A", "1"]],
        "query": [["q", "1"]],
        "content": {"data": "AP8=", "media_type": "a/b"},
        "follow_redirects": False,
        "timeout": 1.5,
    }
    assert spec_from_plain(kept) == RequestSpec(
        url="/x",
        method="POST",
        headers=(("X-A", "1"),),
        query=(("q", "1"),),
        content=Content(b"\x00\xff", "a/b"),
        follow_redirects=False,
        timeout=timedelta(seconds=1.5),
    )


async def test_a_list_that_could_never_be_got_is_not_saved(world: World) -> None:
    spec = RequestSpec(
        url="https://api.example/x", pagination=Pagination(type=PaginationType.TOKEN)
    )
    with pytest.raises(InvalidInput) as caught:
        await world.engine.requests.create(LOCAL, NewRequest(name="list", spec=spec))
    assert caught.value.field == "next"


async def the_only_credential(world: World) -> str:
    (listed,) = (await world.engine.credentials.page(LOCAL)).rows
    assert listed.uses == 1
    return listed.credential.id


async def test_a_request_is_saved_whole_and_sealed(world: World) -> None:
    new = NewRequest(name="Put it", spec=FULL, typed=KEY, form={"body": CANARY})
    saved = await world.engine.requests.create(LOCAL, new)

    assert await world.engine.requests.find(LOCAL, "Put it") == saved
    assert await world.engine.requests.find(LOCAL, saved.id) == saved
    assert (saved.spec, saved.form) == (FULL, {"body": CANARY})
    assert saved.credentials == CredentialIds(credential_id=await the_only_credential(world))
    (listed,) = (await world.engine.requests.page(LOCAL, query=" things ")).rows
    assert (listed.method, listed.url) == ("PUT", "https://api.example.com/things/1")
    assert_no_canary([CANARY], world.folder)


async def test_a_saved_request_follows_its_connection(world: World) -> None:
    found = await world.authorized()
    saved = await world.engine.requests.create(
        LOCAL, NewRequest(name="Who am I", spec=RequestSpec(url="/me"), connection_id=found.id)
    )
    made = await world.engine.run_saved(LOCAL, "Who am I")
    assert made.result().is_success
    assert made.run is not None
    assert made.run.request_id == saved.id
    (use,) = (await world.engine.requests.page(LOCAL, connection_id=found.id)).rows
    assert use.name == "Who am I"

    edit = ConnectionEdit(settings={"base_url": world.server.api_url + "/nowhere"})
    await world.engine.manage.edit(LOCAL, found.id, edit)
    made = await world.engine.run_saved(LOCAL, "Who am I")
    assert made.result().status == 404

    await world.engine.delete(LOCAL, found.id)
    assert (await world.engine.requests.find(LOCAL, saved.id)).connection_id == found.id
    with pytest.raises(ConnectionNotFound):
        await world.engine.run_saved(LOCAL, "Who am I")
    renamed = await world.engine.requests.edit(LOCAL, saved.id, RequestEdit(name="Orphan"))
    assert renamed.connection_id == found.id


async def test_a_secret_typed_with_a_request_becomes_a_credential_of_its_own(world: World) -> None:
    spec = RequestSpec(url=world.server.api_url + "/echo")
    saved = await world.engine.requests.create(LOCAL, NewRequest(name="A", spec=spec, typed=KEY))
    kept = await world.engine.credentials.find(LOCAL, "A")
    assert (kept.kind, kept.hosts, kept.details.key_name) == (Kind.KEY, ("127.0.0.1",), "X-Service")
    assert saved.credentials == CredentialIds(credential_id=kept.id)
    await world.engine.run_saved(LOCAL, "A")
    (sent,) = world.server.journal.at("api")
    assert sent.incoming.header("X-Service") == CANARY

    basic = BasicCredential(username="ada", password=Secret(CANARY))
    again = RequestEdit(credentials=CredentialIds(), typed=basic)
    edited = await world.engine.requests.edit(LOCAL, "A", again)
    second = await world.engine.credentials.find(LOCAL, "A 2")
    assert edited.credentials == CredentialIds(credential_id=second.id)
    assert (await world.engine.requests.page(LOCAL, credential_id=kept.id)).total == 0


async def test_a_request_saved_with_a_secret_inside_refers_to_a_credential_once_it_is_opened(
    world: World,
) -> None:
    engine = world.engine
    vault, store = engine.context.vault, engine.context.store
    saved = await engine.requests.create(LOCAL, NewRequest(name="Old", spec=FULL))
    record = store.load_request("local", saved.id)
    place = Place("local", "saved_request", saved.id, "spec")
    secret = {"kind": "key", "name": "X-Old", "value": CANARY, "placement": "header"}
    plain = json.loads(vault.open(record.sealed_spec, place).reveal())
    plain["credential"] = {**secret, "hosts": ["api.example.com"]}
    sealed = vault.seal(Secret(json.dumps(plain)), place)
    store.update_request(
        replace(record, sealed_spec=sealed, version=2),
        engine.context.event(LOCAL, "test", saved.id),
    )

    found, again = [await engine.requests.find(LOCAL, name) for name in ("Old", saved.id)]

    kept = await engine.credentials.find(LOCAL, "Old")
    assert (kept.details.key_name, kept.hosts) == ("X-Old", ("api.example.com",))
    assert found == again
    assert found.credentials == CredentialIds(credential_id=kept.id)
    assert (found.spec, found.form, found.version) == (FULL, saved.form, 3)
    (carried,) = (await engine.credentials.carried(LOCAL, found.credentials)).secrets
    assert carried.reveal() == CANARY


async def test_an_edit_changes_what_it_names(world: World) -> None:
    requests = world.engine.requests
    saved = await requests.create(LOCAL, NewRequest(name="A", spec=FULL, typed=KEY))
    edited = await requests.edit(LOCAL, "A", RequestEdit(name="B"))
    assert edited.credentials == saved.credentials
    assert (edited.name, edited.spec, edited.version) == ("B", FULL, 2)
    bare = await requests.edit(
        LOCAL, "B", RequestEdit(credentials=CredentialIds(), form={"a": 1}, version=2)
    )
    assert (bare.credentials, bare.form) == (CredentialIds(), {"a": 1})
    with pytest.raises(ConnectionChanged):
        await requests.edit(LOCAL, "B", RequestEdit(name="C", version=2))
    assert bare.created_at == saved.created_at


async def test_a_kept_secret_does_not_follow_the_url_to_another_host(world: World) -> None:
    saved = await world.engine.requests.create(LOCAL, NewRequest(name="A", spec=FULL, typed=KEY))
    elsewhere = replace(FULL, url=world.server.api_url + "/echo")
    await world.engine.requests.edit(LOCAL, saved.id, RequestEdit(spec=elsewhere))
    made = await world.engine.run_saved(LOCAL, saved.id)
    assert isinstance(made.error, EgressBlocked)
    assert world.server.journal.count("api") == 0


async def test_a_request_says_that_its_credential_is_gone(world: World) -> None:
    saved = await world.engine.requests.create(LOCAL, NewRequest(name="A", spec=FULL, typed=KEY))
    await world.engine.credentials.delete(LOCAL, "A")
    with pytest.raises(NotFound) as refused:
        await world.engine.run_saved(LOCAL, "A")
    assert "credential" in refused.value.message
    renamed = await world.engine.requests.edit(LOCAL, saved.id, RequestEdit(name="Orphan"))
    assert renamed.credentials == saved.credentials


async def test_a_copy_has_a_name_of_its_own(world: World) -> None:
    requests = world.engine.requests
    saved = await requests.create(LOCAL, NewRequest(name="A", spec=FULL, typed=KEY))
    with pytest.raises(NameTaken):
        await requests.duplicate(LOCAL, "A", "A")
    copy = await requests.duplicate(LOCAL, "A", "B")
    assert (copy.spec, copy.credentials) == (saved.spec, saved.credentials)
    assert (await requests.delete(LOCAL, "A")).id == saved.id
    assert [each.name for each in (await requests.page(LOCAL)).rows] == ["B"]


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (NewRequest(name="", spec=FULL), InvalidInput),
        (NewRequest(name="req_1", spec=FULL), InvalidInput),
        (NewRequest(name="A", spec=FULL, connection_id="con_0"), ConnectionNotFound),
        (NewRequest(name="A", spec=FULL, connection_id="con_0", typed=KEY), InvalidInput),
        (NewRequest(name="A", spec=FULL, credentials=CredentialIds(proxy_id="crd_0")), NotFound),
        (NewRequest(name="A", spec=RequestSpec(url="https://a:b@c.example/")), EgressBlocked),
        (NewRequest(name="A", spec=RequestSpec(url="/me")), EgressBlocked),
        (
            NewRequest(
                name="A",
                spec=FULL,
                typed=BasicCredential(username="a:b", password=Secret("p")),
            ),
            InvalidInput,
        ),
    ],
)
async def test_what_could_never_be_sent_is_not_saved(
    world: World, new: NewRequest, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await world.engine.requests.create(LOCAL, new)
    assert (await world.engine.requests.page(LOCAL)).total == 0
    assert (await world.engine.credentials.page(LOCAL)).total == 0


async def test_another_workspace_sees_and_changes_nothing(world: World) -> None:
    saved = await world.engine.requests.create(LOCAL, NewRequest(name="A", spec=FULL))
    requests = world.engine.requests
    for name in (saved.id, "A"):
        for call in (
            requests.find(STRANGER, name),
            requests.edit(STRANGER, name, RequestEdit(name="B")),
            requests.duplicate(STRANGER, name, "B"),
            requests.delete(STRANGER, name),
            world.engine.run_saved(STRANGER, name),
        ):
            with pytest.raises(NotFound):
                await call
    assert (await requests.page(STRANGER)).total == 0
    assert await requests.find(LOCAL, "A") == saved
