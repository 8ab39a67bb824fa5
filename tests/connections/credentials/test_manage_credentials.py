"""Credentials kept under a name: sealed, bound to hosts, and followed by what refers to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.credentials.credential import (
    CredentialEdit,
    CredentialFields,
    CredentialIds,
    Kind,
)
from grantline.connections.engine import LOCAL
from grantline.connections.requests.saved_requests import NewRequest
from grantline.errors import (
    ConnectionChanged,
    EgressBlocked,
    InvalidInput,
    NameTaken,
    NotFound,
    SecretUnreadable,
)
from grantline.secret import Secret
from tests.canary import assert_no_canary
from tests.connections.credential_values import CANARY, HOSTS, KEY_CANARY, new_credential
from tests.connections.world import World

STRANGER = Actor(workspace="away")
COLLEAGUE = Actor(user="grace")
BY_KIND = pytest.mark.parametrize("kind", list(Kind))


@BY_KIND
async def test_a_credential_is_kept_sealed(world: World, kind: Kind) -> None:
    made = await world.engine.credentials.create(LOCAL, new_credential(kind))

    assert made.id.startswith("crd_")
    assert (made.kind, made.name, made.owner, made.version) == (kind, kind.value, "local", 1)
    assert await world.engine.credentials.find(LOCAL, made.id) == made
    assert await world.engine.credentials.find(LOCAL, kind.value) == made
    (listed,) = (await world.engine.credentials.page(LOCAL, kinds=[kind])).rows
    assert (listed.credential, listed.uses) == (made, 0)
    assert (await world.engine.history(LOCAL))[0].kind == "credential.created"
    assert_no_canary([CANARY, KEY_CANARY], world.folder, repr(made))


@BY_KIND
async def test_a_secret_does_not_open_in_another_row(world: World, kind: Kind) -> None:
    store = world.engine.context.store
    made, other = [
        await world.engine.credentials.create(LOCAL, new_credential(kind, name=name))
        for name in ("a", "b")
    ]
    stolen = store.load_credential("local", made.id).sealed_secrets
    row = store.load_credential("local", other.id)
    event = world.engine.context.event(LOCAL, "test", other.id)
    store.update_credential(replace(row, sealed_secrets=stolen, version=2), event)
    with pytest.raises(SecretUnreadable):
        await world.engine.credentials.edit(
            LOCAL, "b", CredentialEdit(fields=CredentialFields(certificate="x"))
        )


@pytest.mark.parametrize("kind", [Kind.KEY, Kind.BASIC, Kind.CERTIFICATE])
@pytest.mark.parametrize("hosts", [(), ("*.co.uk",), ("com",), ("https://api.example",)])
async def test_what_goes_to_services_needs_hosts_that_somebody_owns(
    world: World, kind: Kind, hosts: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await world.engine.credentials.create(LOCAL, new_credential(kind, hosts=hosts))
    assert refused.value.field == "Hosts"
    made = await world.engine.credentials.create(LOCAL, new_credential(kind))
    with pytest.raises(InvalidInput):
        await world.engine.credentials.edit(LOCAL, made.id, CredentialEdit(hosts=hosts))


@pytest.mark.parametrize("kind", [Kind.AUTHORITY, Kind.PROXY])
async def test_what_goes_to_no_service_has_no_hosts(world: World, kind: Kind) -> None:
    with pytest.raises(InvalidInput) as refused:
        await world.engine.credentials.create(LOCAL, new_credential(kind, hosts=HOSTS))
    assert refused.value.field == "Hosts"


async def test_an_edit_reaches_every_request_at_once(world: World) -> None:
    credentials = world.engine.credentials
    made = await credentials.create(LOCAL, new_credential(Kind.KEY))
    spec = RequestSpec(url=world.server.api_url + "/echo")
    ids = CredentialIds(credential_id=made.id)
    for name in ("one", "two"):
        new = NewRequest(name=name, spec=spec, credentials=ids)
        await world.engine.requests.create(LOCAL, new)
    uses = await world.engine.requests.page(LOCAL, credential_id=made.id)
    assert [each.name for each in uses.rows] == ["one", "two"]

    await world.engine.run_saved(LOCAL, "one")
    fields = CredentialFields(key_name="X-Other", value=Secret("changed"))
    edited = await credentials.edit(LOCAL, made.id, CredentialEdit(fields=fields, version=1))
    await world.engine.run_saved(LOCAL, "two")

    first, second = world.server.journal.at("api")
    assert first.incoming.header("X-Api-Key") == CANARY
    assert second.incoming.header("X-Other") == "changed"
    assert (edited.version, edited.details.key_name) == (2, "X-Other")
    event = (await world.engine.history(LOCAL))[0]
    assert event.data == {"fields": ["key_name", "value"]}


async def test_its_last_use_is_noted(world: World) -> None:
    made = await world.engine.credentials.create(LOCAL, new_credential(Kind.BASIC))
    assert made.last_used_at is None
    spec = RequestSpec(url=world.server.api_url + "/echo")
    times = []
    for _ in range(3):
        ids = CredentialIds(credential_id=made.id)
        await world.engine.make_request(LOCAL, spec, credentials=ids)
        await world.engine.context.settle()
        times.append((await world.engine.credentials.find(LOCAL, made.id)).last_used_at)
        world.clock.advance(timedelta(seconds=31))
    assert times[0] == times[1] != times[2]


async def test_a_credential_stays_with_its_hosts(world: World) -> None:
    new = new_credential(Kind.KEY, hosts=("*.example.com",))
    made = await world.engine.credentials.create(LOCAL, new)
    spec = RequestSpec(url=world.server.api_url + "/echo")
    ids = CredentialIds(credential_id=made.id)
    refused = await world.engine.make_request(LOCAL, spec, credentials=ids)
    assert isinstance(refused.error, EgressBlocked)
    assert refused.error.rule == "host_not_allowed"
    assert "credential edit key --add-host 127.0.0.1" in refused.error.hint
    assert world.server.journal.count("api") == 0


async def test_only_the_owner_lets_it_go_further(world: World) -> None:
    credentials = world.engine.credentials
    made = await credentials.create(LOCAL, new_credential(Kind.KEY, hosts=("a.example", *HOSTS)))
    for call in (
        credentials.edit(COLLEAGUE, made.id, CredentialEdit(hosts=("b.example", *HOSTS))),
        credentials.duplicate(COLLEAGUE, made.id, "mine"),
    ):
        with pytest.raises(InvalidInput, match="Only the owner"):
            await call
    fewer = await credentials.edit(COLLEAGUE, made.id, CredentialEdit(hosts=HOSTS))
    assert fewer.hosts == HOSTS
    more = await credentials.edit(LOCAL, made.id, CredentialEdit(hosts=("*.Example.org", *HOSTS)))
    assert more.hosts == ("*.example.org", *HOSTS)


async def test_names_versions_and_copies(world: World) -> None:
    credentials = world.engine.credentials
    made = await credentials.create(LOCAL, new_credential(Kind.KEY))
    for call in (
        credentials.create(LOCAL, new_credential(Kind.BASIC, name="key")),
        credentials.duplicate(LOCAL, "key", "key"),
    ):
        with pytest.raises(NameTaken):
            await call
    for name in ("", "crd_1", "con_1", " a"):
        with pytest.raises(InvalidInput) as refused:
            await credentials.edit(LOCAL, "key", CredentialEdit(name=name))
        assert refused.value.field == "Credential name"
    copy = await credentials.duplicate(LOCAL, "key", "second")
    assert (copy.details, copy.hosts, copy.kind) == (made.details, made.hosts, made.kind)
    renamed = await credentials.edit(LOCAL, "key", CredentialEdit(name="first", version=1))
    assert (renamed.id, renamed.name) == (made.id, "first")
    with pytest.raises(ConnectionChanged):
        await credentials.edit(LOCAL, made.id, CredentialEdit(name="third", version=1))
    assert await credentials.names(LOCAL, [made.id, copy.id, "crd_0"]) == {
        made.id: "first",
        copy.id: "second",
    }
    carried = await credentials.carried(LOCAL, CredentialIds(credential_id=copy.id))
    assert carried.secrets == (Secret(CANARY),)


async def test_deleting_says_so_and_requests_fail_from_then_on(world: World) -> None:
    credentials = world.engine.credentials
    made = await credentials.create(LOCAL, new_credential(Kind.KEY))
    assert await credentials.delete(LOCAL, "key") == made
    spec = RequestSpec(url=world.server.api_url + "/echo")
    with pytest.raises(NotFound, match="no credential"):
        await world.engine.make_request(
            LOCAL, spec, credentials=CredentialIds(credential_id=made.id)
        )
    assert (await world.engine.history(LOCAL))[0].kind == "credential.deleted"


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("credential_id", Kind.CERTIFICATE),
        ("certificate_id", Kind.KEY),
        ("authority_id", Kind.PROXY),
        ("proxy_id", Kind.BASIC),
    ],
)
async def test_each_kind_has_its_place(world: World, place: str, kind: Kind) -> None:
    made = await world.engine.credentials.create(LOCAL, new_credential(kind))
    ids = CredentialIds(**{place: made.id})
    spec = RequestSpec(url=world.server.api_url + "/echo")
    for call in (
        world.engine.make_request(LOCAL, spec, credentials=ids),
        world.engine.requests.create(LOCAL, NewRequest(name="A", spec=spec, credentials=ids)),
    ):
        with pytest.raises(InvalidInput) as refused:
            await call
        assert refused.value.field == place.removesuffix("_id")


async def test_names_lead_to_ids(world: World) -> None:
    credentials = world.engine.credentials
    made = {
        kind: await credentials.create(LOCAL, new_credential(kind))
        for kind in (Kind.BASIC, Kind.CERTIFICATE, Kind.PROXY)
    }
    names = {"credential": "basic", "certificate": made[Kind.CERTIFICATE].id, "proxy": None}
    ids = await credentials.ids(LOCAL, names, over=CredentialIds(proxy_id=made[Kind.PROXY].id))
    assert list(ids) == [made[Kind.BASIC].id, made[Kind.CERTIFICATE].id]
    with pytest.raises(NotFound, match="named “nobody”"):
        await credentials.ids(LOCAL, {"credential": "nobody"})
    with pytest.raises(InvalidInput) as refused:
        await credentials.ids(LOCAL, {"proxy": "basic"})
    assert refused.value.field == "proxy"


async def test_a_token_and_a_key_exclude_each_other(world: World) -> None:
    connection = await world.draft()
    made = await world.engine.credentials.create(LOCAL, new_credential(Kind.KEY))
    given: dict[str, Any] = {
        "connection_id": connection.id,
        "credentials": CredentialIds(credential_id=made.id),
    }
    with pytest.raises(InvalidInput):
        await world.engine.make_request(LOCAL, RequestSpec(url="/me"), **given)
    new = NewRequest(name="A", spec=RequestSpec(url="/me"), **given)
    with pytest.raises(InvalidInput):
        await world.engine.requests.create(LOCAL, new)


async def test_another_workspace_sees_and_changes_nothing(world: World) -> None:
    credentials = world.engine.credentials
    made = await credentials.create(LOCAL, new_credential(Kind.KEY))
    ids = CredentialIds(credential_id=made.id)
    spec = RequestSpec(url=world.server.api_url + "/echo")
    for name in (made.id, "key"):
        for managed in (
            credentials.find(STRANGER, name),
            credentials.edit(STRANGER, name, CredentialEdit(name="B")),
            credentials.duplicate(STRANGER, name, "B"),
            credentials.delete(STRANGER, name),
        ):
            with pytest.raises(NotFound):
                await managed
    for used in (
        credentials.carried(STRANGER, ids),
        world.engine.make_request(STRANGER, spec, credentials=ids),
        world.engine.requests.create(STRANGER, NewRequest(name="A", spec=spec, credentials=ids)),
    ):
        with pytest.raises(NotFound):
            await used
    assert (await credentials.page(STRANGER)).total == 0
    assert await credentials.find(LOCAL, "key") == made
