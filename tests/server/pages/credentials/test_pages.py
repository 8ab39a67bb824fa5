"""The pages of credentials: the list, each kind's form, edits that keep secrets, deletion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.credentials.credential import (
    Credential,
    CredentialEdit,
    CredentialIds,
    Kind,
    ids_of,
)
from grantline.connections.engine import LOCAL
from grantline.connections.requests.saved_requests import NewRequest
from grantline.secret import Secret
from tests.canary import assert_no_canary
from tests.connections.credential_values import (
    AUTHORITY,
    CANARY,
    FIELDS,
    KEY_CANARY,
    new_credential,
)
from tests.server.conftest import Site

BY_KIND = pytest.mark.parametrize("kind", list(Kind))


def typed(kind: Kind, **more: str) -> dict[str, str]:
    """What the form of ``kind`` sends, filled in."""
    fields = {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in FIELDS[kind].items()
    }
    hosts = {"hosts": "127.0.0.1, *.example.com"} if kind.has_hosts else {}
    return {"kind": kind.value, "name": "mine", **hosts, **fields, **more}


async def carried(site: Site, kept: Credential) -> tuple[str, ...]:
    """The secrets of a credential as requests take them along."""
    ids = ids_of(kept.kind, kept.id)
    opened = await site.world.engine.credentials.carried(LOCAL, ids)
    return tuple(each.reveal() for each in opened.secrets)


async def test_the_empty_list_teaches_the_next_step(site: Site) -> None:
    answer = await site.get("/credentials")
    assert "Keep a key once" in answer.text
    assert 'href="/credentials/new"' in answer.text
    begin = (await site.get("/credentials/new?return_to=/requests/new")).text
    for kind in Kind:
        assert f'href="/credentials/new?kind={kind}&amp;return_to=/requests/new"' in begin
    assert "Back to the request" not in (await site.get("/credentials/new?return_to=//evil")).text


@BY_KIND
async def test_each_kind_is_created_shown_listed_and_deleted(site: Site, kind: Kind) -> None:
    assert "<form" in (await site.get(f"/credentials/new?kind={kind}")).text
    made = await site.post("/credentials/new", typed(kind))
    assert made.status_code == 303
    kept = await site.world.engine.credentials.find(LOCAL, "mine")
    assert kept.hosts == (("*.example.com", "127.0.0.1") if kind.has_hosts else ())
    shown = await site.get(made.headers["location"])
    listed = await site.get("/credentials?q=MINE")
    asked = await site.get(f"/credentials/{kept.id}/delete")
    assert kind.label in shown.text
    assert kind.label in listed.text
    assert "No saved request and no scenario refers to it." in asked.text
    gone = await site.post(f"/credentials/{kept.id}/delete")
    assert gone.headers["location"] == "/credentials"
    assert (await site.get(f"/credentials/{kept.id}")).status_code == 404
    texts = [each.text for each in (made, shown, listed, asked, gone)]
    assert_no_canary([CANARY, KEY_CANARY], *texts, site.world.folder)


@BY_KIND
async def test_saving_a_form_as_it_is_changes_no_secret(site: Site, kind: Kind) -> None:
    kept = await site.world.engine.credentials.create(LOCAL, new_credential(kind))
    before = await carried(site, kept)
    details = kept.details
    as_shown = {
        "name": "renamed",
        "hosts": " ".join(kept.hosts),
        "version": "1",
        **{name: getattr(details, name) for name in ("key_name", "prefix", "username", "url")},
        "placement": details.placement.value,
    }
    answer = await site.post(f"/credentials/{kept.id}", as_shown)
    assert answer.status_code == 303
    after = await site.world.engine.credentials.find(LOCAL, kept.id)
    assert (after.name, after.details, after.hosts) == ("renamed", details, kept.hosts)
    assert await carried(site, after) == before
    event = (await site.world.engine.history(LOCAL))[0]
    assert event.data == {"fields": ["name"]}


async def test_secrets_are_replaced_one_by_one_and_a_password_is_removed(site: Site) -> None:
    kept = await site.world.engine.credentials.create(LOCAL, new_credential(Kind.PROXY))
    form = {"name": "proxy", "url": kept.details.url, "username": "me", "version": "1"}
    await site.post(f"/credentials/{kept.id}", {**form, "password": "another-password"})
    assert "another-password" in await carried(site, kept)
    moved = {**form, "url": "http://elsewhere.example", "version": "2"}
    refused = await site.post(f"/credentials/{kept.id}", moved)
    assert refused.status_code == 422
    assert "must be typed again" in refused.text
    assert "http://elsewhere.example" in refused.text
    await site.post(f"/credentials/{kept.id}", {**moved, "remove_secret": "password"})
    after = await site.world.engine.credentials.find(LOCAL, kept.id)
    assert (after.details.url, after.details.has_password) == ("http://elsewhere.example", False)


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        (Kind.KEY, {"hosts": ""}, "No host is listed."),
        (Kind.KEY, {"value": ""}, "The API key is empty."),
        (Kind.KEY, {"name": ""}, "Credential name"),
        (Kind.BASIC, {"username": "a:b"}, "colon"),
        (Kind.CERTIFICATE, {"private_key": ""}, "no private key"),
        (Kind.AUTHORITY, {"certificate": "words"}, "cannot be read"),
        (Kind.PROXY, {"url": "proxy"}, "http://host:port"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_typed_is_lost_but_secrets(
    site: Site, kind: Kind, change: dict[str, Any], said: str
) -> None:
    answer = await site.post("/credentials/new", typed(kind, **change))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text or "hosts" in change
    assert_no_canary([CANARY, KEY_CANARY], answer.text)
    assert (await site.world.engine.credentials.page(LOCAL)).total == 0


async def test_two_tabs_do_not_overwrite_each_other_unseen(site: Site) -> None:
    credentials = site.world.engine.credentials
    kept = await credentials.create(LOCAL, new_credential(Kind.KEY))
    await credentials.edit(LOCAL, kept.id, CredentialEdit(name="theirs"))
    form = typed(Kind.KEY, version="1", hosts="127.0.0.1")
    answer = await site.post(f"/credentials/{kept.id}", form)
    assert answer.status_code == 409
    assert "Somebody saved this credential" in answer.text
    assert 'name="version" value="2"' in answer.text
    assert (await credentials.find(LOCAL, kept.id)).name == "theirs"
    assert (await site.post(f"/credentials/{kept.id}", {**form, "version": "2"})).status_code == 303
    taken = await site.post("/credentials/new", typed(Kind.BASIC))
    assert "This name is taken" in taken.text


async def test_deleting_lists_what_will_fail_and_a_copy_has_the_secret(site: Site) -> None:
    engine = site.world.engine
    kept = await engine.credentials.create(LOCAL, new_credential(Kind.KEY))
    spec = RequestSpec(url="https://127.0.0.1/orders")
    ids = CredentialIds(credential_id=kept.id)
    await engine.requests.create(LOCAL, NewRequest(name="Open orders", spec=spec, credentials=ids))
    for path in ("", "/delete"):
        assert "Open orders" in (await site.get(f"/credentials/{kept.id}{path}")).text
    assert "1 place" in (await site.get("/credentials")).text
    copied = await site.post(f"/credentials/{kept.id}/duplicate")
    copy = await engine.credentials.find(LOCAL, "key-2")
    assert copied.headers["location"] == f"/credentials/{copy.id}"
    assert await carried(site, copy) == (CANARY,)


async def test_a_certificate_that_ended_says_so(site: Site) -> None:
    ended = site.world.clock.now() - timedelta(days=3)
    issued = AUTHORITY.issue_cert("ada@example.com", not_after=ended)
    new = new_credential(
        Kind.CERTIFICATE,
        certificate=issued.cert_chain_pems[0].bytes().decode(),
        private_key=Secret(issued.private_key_pem.bytes().decode()),
    )
    kept = await site.world.engine.credentials.create(LOCAL, new)
    for path in ("/credentials", f"/credentials/{kept.id}"):
        assert "3 days ago" in (await site.get(path)).text
