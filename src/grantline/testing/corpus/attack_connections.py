"""Attacks on connections themselves: foreign ids, edits that redirect secrets, stolen consents.

Each is tried on a real engine with a store in memory. Its transport refuses everything, so an
attack that gets as far as a request shows as a failure of another kind.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor, Connection
from grantline.connections.consent.callback_path import callback_digest
from grantline.connections.edit import Cost
from grantline.connections.engine import Engine
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.planning import ConnectionEdit
from grantline.connections.settings import Settings
from grantline.errors import (
    AppNotFound,
    CallbackRejected,
    ConnectionNotFound,
    InvalidInput,
    TransportFailed,
)
from grantline.messages import HttpRequest, HttpResponse, StreamedResponse
from grantline.net.transport import API_LIMITS, STREAM_LIMITS, Limits
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.secret import Secret
from grantline.testing.corpus.attack_finding import CaseNotRun, Finding
from grantline.testing.corpus.cases import Row

OWNER: Final = Actor("workspace-a", "owner")
COLLEAGUE: Final = Actor("workspace-a", "colleague")
STRANGER: Final = Actor("workspace-b", "stranger")

HONEST: Final = AppSettings(
    client_id="honest-client",
    authorize_uri="https://as.example/authorize",
    token_uri="https://as.example/token",
    base_url="https://api.example",
)
BINDING: Final = "the-owner's-session"

_EDIT: Final = re.compile(r"(\w+)\s*(?:->|\+=|:=|=|:|(?:changed |set )?to)\s*(?:\S+ -> )?([^\s,]+)")
_HOST_FIELDS: Final = {"allowed_hosts", "hosts", "credential_hosts"}
_SETTINGS: Final = frozenset(field.name for field in fields(AppSettings))


class NoWayOut:
    """A transport for attacks that must end before any request."""

    async def send(
        self, request: HttpRequest, *, limits: Limits = API_LIMITS, partition: str = ""
    ) -> HttpResponse:
        """Fails, and names the host that would have been reached."""
        del limits, partition
        raise _reached(request)

    def stream(
        self, request: HttpRequest, *, limits: Limits = STREAM_LIMITS, partition: str = ""
    ) -> AbstractAsyncContextManager[StreamedResponse]:
        """Fails as `send`."""
        del limits, partition
        raise _reached(request)


def _reached(request: HttpRequest) -> TransportFailed:
    host = urlsplit(request.url).hostname
    return TransportFailed(f"A request was made to {host}.", check="reached", sent=True)


@dataclass(frozen=True, slots=True)
class Scene:
    """An engine with one connection of the owner's, and the state of a consent he began."""

    engine: Engine
    connection: Connection
    state: str


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    """A fresh scene; nothing of it outlives the block."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url="sqlite://")
        async with open_engine(settings, transport=NoWayOut()) as engine:
            connection = await engine.manage.create(
                OWNER,
                NewConnection(
                    name="honest",
                    settings=HONEST,
                    secrets=ClientSecrets(client_secret=Secret("kept-secret")),
                ),
            )
            begun = await engine.authorize.begin(
                OWNER, connection.id, redirect_uri="https://us.example/cb", binding=BINDING
            )
            state = parse_qs(urlsplit(begun.url).query)["state"][0]
            yield Scene(engine, connection, state)


async def connection_id(row: Row) -> Finding:
    """A foreign id, or none at all, at every door that takes one: the answer of an unknown id."""
    named = not str(row["input"]).startswith("(")
    async with scene() as stage:
        engine, wanted = stage.engine, stage.connection.id if named else ""
        doors = [
            engine.find(STRANGER, wanted),
            engine.verify(STRANGER, wanted),
            engine.history(STRANGER, wanted),
            engine.request(STRANGER, wanted, RequestSpec(url="/")),
            engine.request_by_id(STRANGER, wanted, RequestSpec(url="/")),
            engine.token(STRANGER, wanted),
            engine.manage.edit(STRANGER, wanted, ConnectionEdit(name="stolen")),
            engine.manage.duplicate(STRANGER, wanted, "stolen"),
            engine.authorize.obtain(STRANGER, wanted),
            engine.devices.begin(STRANGER, wanted),
            engine.delete(STRANGER, wanted),
        ]
        opened = 0
        for door in doors:
            try:
                await door
            except ConnectionNotFound:
                continue
            opened += 1
    if opened:
        return Finding("allow", f"{opened} doors opened")
    return Finding("deny", "not_found" if named else "connection_required")


async def connection_edit(row: Row) -> Finding:
    """An edit by a colleague who may edit and has never seen the secret."""
    change = _EDIT.search(str(row["input"]))
    if change is None:
        raise CaseNotRun("the edit is not of the form: field -> value")
    edit = _edit(change[1], change[2])
    async with scene() as stage:
        try:
            edited = await stage.engine.manage.edit(COLLEAGUE, stage.connection.id, edit)
        except InvalidInput as error:
            reason = "owner_only_and_audit" if error.field == "hosts" else "reenter_secret"
            return Finding("require", reason)
    if edited.price.cost is Cost.NOTHING:
        return Finding("allow", "edited")
    return Finding("require", "reauthorize")


def _edit(field: str, value: str) -> ConnectionEdit:
    """The edit that sets ``field``, by its name in the corpus, to ``value``."""
    if field in _HOST_FIELDS:
        return ConnectionEdit(hosts=("api.example", value))
    for name in (field, field.replace("_url", "_uri")):
        if name in _SETTINGS:
            return ConnectionEdit(settings={name: value})
    match field:
        case "name":
            return ConnectionEdit(name=value)
        case "scope" | "scopes":
            return ConnectionEdit(scopes=(value,))
        case "client_secret":
            return ConnectionEdit(secrets=ClientSecrets(client_secret=Secret(value)))
    raise CaseNotRun(f"nothing edits {field}")


async def connection_create(_row: Row) -> Finding:
    """A connection through the client registration of another workspace."""
    async with scene() as stage:
        try:
            await stage.engine.manage.create(
                STRANGER, NewConnection(name="borrowed", app=stage.connection.app.id)
            )
        except AppNotFound:
            return Finding("deny", "app_not_shared")
    return Finding("allow", "created")


async def callback(row: Row) -> Finding:
    """What a browser brings back: this query, or an honest code from another server's journey."""
    text = str(row["input"])
    async with scene() as stage:
        if re.fullmatch(r"[?#]?[\w.-]+=\S*", text):
            return await _complete(stage, OWNER, callback_digest(HONEST), answer=text)
        other = AppSettings(
            client_id="hostile-client",
            authorize_uri="https://evil.example/authorize",
            token_uri="https://evil.example/token",
        )
        return await _complete(stage, OWNER, callback_digest(other))


async def connect_link(_row: Row) -> Finding:
    """A consent that the owner began and somebody else finishes, in his own browser."""
    async with scene() as stage:
        return await _complete(
            stage, COLLEAGUE, callback_digest(HONEST), binding="the-colleague's-session"
        )


async def _complete(
    stage: Scene, actor: Actor, digest: str, *, binding: str = BINDING, answer: str = ""
) -> Finding:
    answer = answer or urlencode({"code": "stolen", "state": stage.state})
    try:
        await stage.engine.authorize.complete(actor, answer, binding=binding, context_digest=digest)
    except CallbackRejected as error:
        return Finding("deny", error.check)
    return Finding("allow", "exchanged")
