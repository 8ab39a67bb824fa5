"""What belongs to another workspace does not exist: every method, found by itself, says so."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.consent.authorize import Authorizer
from grantline.connections.consent.consents import Consents
from grantline.connections.consent.device import DeviceAuthorizer, DeviceStart
from grantline.connections.credentials.credential import CredentialEdit, CredentialIds, Kind
from grantline.connections.credentials.manage_credentials import CredentialManager
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.listing import Listing
from grantline.connections.manage import Manager, NewConnection
from grantline.connections.planning import ConnectionEdit
from grantline.connections.renewal.tokens import Tokens
from grantline.errors import GrantlineError
from grantline.oauth.authorization.device import DeviceAuthorization
from grantline.secret import Secret
from grantline.testing.clock import FakeClock, JumpingClock
from tests.connections.credential_values import new_credential
from tests.connections.world import World, a_world

STRANGER = Actor(workspace="elsewhere", user="local")

ROOMS: dict[type, Callable[[Engine], object]] = {
    Engine: lambda engine: engine,
    Manager: lambda engine: engine.manage,
    Authorizer: lambda engine: engine.authorize,
    DeviceAuthorizer: lambda engine: engine.devices,
    Tokens: lambda engine: engine.tokens,
    Consents: lambda engine: engine.consents,
    Listing: lambda engine: engine.listing,
    CredentialManager: lambda engine: engine.credentials,
}

# How a method is told of a connection or an app; `id` is a foreign or an unknown one.
ARGUMENTS: dict[str, Callable[[str, str], Any]] = {
    "name": lambda connection, _: connection,
    "connection_id": lambda connection, _: connection,
    "connection_ids": lambda connection, _: {connection},
    "app_id": lambda _, app: app,
    "new_name": lambda *_: "new",
    "spec": lambda *_: RequestSpec(url="/me"),
    "target": lambda *_: Path(gettempdir(), "what nobody may have"),
    "edit": lambda *_: ConnectionEdit(name="taken over"),
    "redirect_uri": lambda *_: "http://127.0.0.1:1/",
    "binding": lambda *_: "binding",
    "now": lambda *_: FakeClock().now(),
    "interval": lambda *_: timedelta(seconds=1),
    "public_url": lambda *_: "http://127.0.0.1:1",
    "since": lambda *_: FakeClock().now(),
    "new": lambda _, app: NewConnection(name="new", app=app),
    "start": lambda connection, _: DeviceStart(
        connection,
        DeviceAuthorization(
            device_code=Secret("code"),
            user_code="code",
            verification_uri="http://127.0.0.1/",
            interval=timedelta(seconds=1),
        ),
        FakeClock().now() + timedelta(days=1),
    ),
}
# Asked for even where a method could do without.
SUBJECTS = {"name", "connection_id", "app_id"}
# What the methods for credentials take by other types; a foreign one is called as the connection.
OF_CREDENTIALS: dict[str, Callable[[str], Any]] = {
    "credential_ids": lambda credential: {credential},
    "ids": lambda credential: CredentialIds(credential_id=credential),
    "names": lambda credential: {"credential": credential},
    "edit": lambda _: CredentialEdit(name="taken over"),
    "new": lambda _: new_credential(Kind.KEY, name="new"),
}
# Methods of an app take its name; methods without a subject list what the workspace has.
OF_APPS = {"Manager.app", "Manager.edit_app", "Manager.delete_app"}
LISTS = {"Manager.connections", "Manager.apps", "Consents.pending"} | {
    "Listing.page",
    "Listing.apps",
    "Listing.names",
    "CredentialManager.page",
    "CredentialManager.names",
    "Engine.used_by",
}
# They speak of no row that a stranger could name: `complete` finds its own by a secret state,
# `save_device_tokens` is given a holding that somebody was allowed to open.
NO_SUBJECT = {"Engine.discover", "Engine.aclose", "Engine.__init__"} | {
    "Authorizer.complete",
    "Consents.complete",
    "Authorizer.save_device_tokens",
    "CredentialManager.create",
    "Engine.resolve_url",
}

METHODS = [
    f"{room.__name__}.{name}"
    for room in ROOMS
    for name, method in inspect.getmembers(room, inspect.isfunction)
    if not name.startswith("_") and f"{room.__name__}.{name}" not in NO_SUBJECT
]
BY_NAME = {room.__name__: room for room in ROOMS}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, clock=JumpingClock()) as running:
        await running.authorized()
        await running.engine.credentials.create(LOCAL, new_credential(Kind.KEY, name="demo"))
        yield running


async def _outcome(world: World, method: str, connection: str, app: str) -> object:
    room_name, _, name = method.partition(".")
    bound = getattr(ROOMS[BY_NAME[room_name]](world.engine), name)
    given: dict[str, Any] = {}
    for parameter in inspect.signature(bound).parameters.values():
        if parameter.name == "actor":
            given["actor"] = STRANGER
        elif method in OF_APPS and parameter.name == "name":
            given["name"] = app
        elif room_name == "CredentialManager" and parameter.name in OF_CREDENTIALS:
            given[parameter.name] = OF_CREDENTIALS[parameter.name](connection)
        elif parameter.name in SUBJECTS or _is_wanted(parameter):
            given[parameter.name] = ARGUMENTS[parameter.name](connection, app)
        elif parameter.name == "rejected":
            given["rejected"] = Secret("rejected")
    assert "actor" in given, f"{method} does not ask who calls"
    try:
        result = await _begun(bound(**given))
    except GrantlineError as error:
        failed: object = error
    else:
        # Some methods give the error as a value.
        failed = getattr(result, "error", None)
    if not isinstance(failed, GrantlineError):
        return result
    # What was asked for is quoted; apart from that the words must be the same.
    said = str(failed).replace(connection, "ID").replace(app, "ID")
    return type(failed), said, failed.detail


def _is_wanted(parameter: inspect.Parameter) -> bool:
    """Whether nothing can be called without it."""
    return (
        parameter.default is inspect.Parameter.empty
        and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    )


async def _begun(result: object) -> object:
    """What a call gives first: awaited, entered, or the first of many."""
    if inspect.isasyncgen(result):
        return await anext(result)
    if isinstance(result, AbstractAsyncContextManager):
        return await result.__aenter__()
    return await result if inspect.isawaitable(result) else result


@pytest.mark.parametrize("method", METHODS)
async def test_a_foreign_id_is_an_unknown_id(world: World, method: str) -> None:
    found = await world.engine.find(LOCAL, "demo")
    kept = await world.engine.credentials.find(LOCAL, "demo")
    before = world.engine.context.store.load_connection("local", found.id)
    count = len(world.server.journal.entries)
    ids = (found.id, "con_unknown")
    if method.startswith("CredentialManager."):
        ids = (kept.id, "crd_unknown")

    foreign = await _outcome(world, method, ids[0], found.app.id)
    unknown = await _outcome(world, method, ids[1], "app_unknown")

    assert foreign == unknown
    if method in LISTS:
        assert not getattr(foreign, "total", foreign)
    elif method not in {"Tokens.held", "Manager.connections_of"}:
        assert isinstance(foreign, tuple), f"{method} gave a stranger {foreign!r}"
        assert foreign[0].http_status == 404
    assert world.engine.context.store.load_connection("local", found.id) == before
    assert await world.engine.credentials.find(LOCAL, "demo") == kept
    assert len(world.server.journal.entries) == count


async def test_a_foreign_name_is_an_unknown_name(world: World) -> None:
    for method in METHODS:
        foreign = await _outcome(world, method, "demo", "demo")
        assert foreign == await _outcome(world, method, "nobody", "nobody")


async def test_the_same_name_may_be_taken_in_each_workspace(world: World) -> None:
    settings = (await world.engine.find(LOCAL, "demo")).app.settings
    new = NewConnection(name="demo", settings=settings)
    theirs = await world.engine.manage.create(STRANGER, new)
    assert (await world.engine.find(LOCAL, "demo")).id != theirs.id
    assert await world.engine.manage.connections_of(STRANGER, theirs.app.id) == ["demo"]
