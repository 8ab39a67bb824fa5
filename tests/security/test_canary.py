"""Secrets are planted in every field; afterwards they are looked for in every place."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyrage
import pytest

from grantline.calls.bodies.content import json_content
from grantline.calls.request import RequestSpec
from grantline.codec import to_plain
from grantline.connections.connection import Connection
from grantline.connections.credentials.credential import CredentialEdit, Kind, ids_of
from grantline.connections.engine import LOCAL
from grantline.connections.keeping.backup import Lock, restore_backup, write_backup
from grantline.connections.keeping.backup_format import Reader
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_installation
from grantline.connections.planning import ConnectionEdit
from grantline.connections.requests.saved_requests import NewRequest
from grantline.connections.settings import Settings
from grantline.errors import GrantlineError, KeyUnavailable
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.settings import ClientSecrets, FlowType, TokenPlacement
from grantline.oauth.jwt import new_ec_key, public_jwk
from grantline.secret import Secret
from grantline.testing.authorization_server import (
    DEMO_PASSWORD,
    DEMO_USERNAME,
    Answer,
    Client,
    DpopPolicy,
    Drop,
    Leniency,
    Refuse,
    Replace,
    ServerOptions,
    Truncate,
)
from grantline.testing.clock import JumpingClock
from grantline.vault.age import decrypted
from tests.canary import assert_no_canary
from tests.connections.credential_values import CANARY as CREDENTIAL
from tests.connections.credential_values import KEY_CANARY, new_credential
from tests.connections.world import World, a_world, environment

CLIENT_SECRET = "canary-client-secret-7f3a91"
KEY = new_ec_key(b"canary" * 8)
ODD_TOKEN = "canary-odd-token-55d0c2"
CLIENTS = (
    Client(
        client_secret=CLIENT_SECRET,
        jwks=({**public_jwk(KEY, algorithm="ES256", field="key"), "kid": "k1"},),
    ),
)
OPTIONS = ServerOptions(dpop=DpopPolicy.ACCEPT, lenient=frozenset({Leniency.ACCESS_TOKEN_IN_QUERY}))

# What a login sends, and nothing else; the server takes it for a password grant.
LOGIN = (
    ("grant_type", "password"),
    ("client_id", "{client_id}"),
    ("client_secret", "{client_secret}"),
    ("username", "{username}"),
    ("password", "{password}"),
)


class Watch:
    """Everything a person, a log or a crash reporter could have seen."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.secrets = {CLIENT_SECRET, DEMO_PASSWORD, ODD_TOKEN, json.loads(KEY.reveal())["d"]}
        self.seen: list[str] = []

    def saw(self, *values: object) -> None:
        self.seen += [text for value in values for text in (repr(value), str(value))]

    async def failing(self, work: Awaitable[object]) -> None:
        """Runs what must fail, and keeps all that the error shows."""
        with pytest.raises(GrantlineError) as caught:
            await work
        for error in _chain(caught.value):
            self.saw(error, error.args, *(getattr(error, name, "") for name in _WORDS))
        self.seen += traceback.format_exception(caught.value)

    async def trying(self, work: Awaitable[object]) -> None:
        """Runs what may fail."""
        try:
            self.saw(await work)
        except GrantlineError as error:
            for one in _chain(error):
                self.saw(one, one.args, *(getattr(one, name, "") for name in _WORDS))
            self.seen += traceback.format_exception(error)

    async def begin(self, connection: Connection) -> str:
        begun = await self.world.begin(connection)
        query = parse_qs(urlsplit(begun.url).query)
        self.secrets |= {*query.get("state", ()), *query.get("nonce", ())}
        self.saw(begun)
        return begun.url

    async def consent(self, connection: Connection) -> None:
        callback = self.world.server.approve(await self.begin(connection))
        self.saw(await self.world.complete(connection, callback))
        await self.look(connection)

    async def look(self, connection: Connection) -> None:
        """Looks at a connection through every window there is."""
        engine = self.world.engine
        holding = await engine.context.hold(LOCAL, connection.id)
        found = await engine.find(LOCAL, connection.id)
        self.saw(holding, holding.tokens, holding.secrets, holding.flow_secrets, holding.record)
        self.saw(holding.app, holding.dpop, holding.given, holding.settings, found, found.app)
        self.saw(to_plain(found.app.settings, whole=True), await engine.manage.connections(LOCAL))
        self.saw(engine, engine.context, engine.notices, engine.context.vault)
        if holding.flow_secrets.dpop_key:
            self.secrets.add(json.loads(holding.flow_secrets.dpop_key.reveal())["d"])
        if holding.tokens is not None:
            kept = (
                holding.tokens.access_token,
                holding.tokens.refresh_token,
                holding.tokens.id_token,
            )
            self.secrets |= {one.reveal() for one in kept if one}

    def everything_secret(self) -> set[str]:
        for entry in self.world.server.journal.entries:
            parameters = entry.incoming.parameters
            self.secrets |= {parameters[name] for name in _SENT if name in parameters}
            if proof := entry.incoming.header("DPoP"):
                self.secrets.add(proof)
        return {secret for secret in self.secrets if len(secret) >= 12}


_WORDS = ("message", "hint", "detail", "failure", "description", "uri", "error", "reason")
_SENT = (
    "code",
    "code_verifier",
    "refresh_token",
    "client_secret",
    "password",
    "assertion",
    "client_assertion",
    "device_code",
    "access_token",
    "token",
    "state",
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, done = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) not in done:
            done.add(id(one))
            yield one
            waiting += [each for each in (one.__cause__, one.__context__) if each is not None]


def _files_but_the_key(folder: Path) -> dict[str, bytes]:
    files = (each for each in folder.rglob("*") if each.is_file() and each.name != "master.key")
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


@asynccontextmanager
async def _watched(
    folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> AsyncIterator[Watch]:
    """A world; afterwards no planted or issued secret may be anywhere."""
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    async with a_world(folder, OPTIONS, clients=CLIENTS, clock=JumpingClock()) as world:
        watch = Watch(world)
        yield watch
        watch.saw(*(await world.engine.history(LOCAL)))
        watch.seen += [
            json.dumps(dict(event.data), default=str) for event in await world.engine.history(LOCAL)
        ]
        secrets = watch.everything_secret()
        # While the database is open, its write-ahead log is a place as well.
        files = _files_but_the_key(folder)
        assert set(files) >= {"grantline.db", "grantline.db-wal"}
        assert_no_canary(secrets, *files.values())
    assert_no_canary(secrets, *_files_but_the_key(folder).values())
    assert_no_canary(secrets, *watch.seen, caplog.text, *capfd.readouterr())
    assert len(secrets) > 4


Places = tuple[Path, pytest.LogCaptureFixture, pytest.CaptureFixture[str]]


@pytest.fixture
def places(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Places:
    return tmp_path, caplog, capfd


@pytest.mark.parametrize("change", [{}, {"use_par": True}, {"use_dpop": True}, {"pkce": "plain"}])
async def test_a_consent_and_a_life_leave_no_secret(places: Places, change: dict[str, Any]) -> None:
    async with _watched(*places) as watch:
        world = watch.world
        server = world.server
        draft = await world.draft(
            scopes=("openid", "profile"),
            jwks_uri=server.jwks_uri,
            pushed_authorization_uri=server.pushed_authorization_uri,
            introspection_uri=server.introspection_uri,
            **change,
        )
        await watch.look(draft)
        await watch.consent(draft)
        watch.saw(await world.get(draft, "/me"), await world.engine.verify(LOCAL, "demo"))
        world.clock.advance(timedelta(hours=1))
        watch.saw(await world.get(draft, "/me"))
        await watch.look(draft)
        edit = ConnectionEdit(
            settings={"client_authentication": "client_secret_basic"},
            secrets=ClientSecrets(client_secret=Secret(CLIENT_SECRET)),
        )
        watch.saw(edit, await world.engine.manage.edit(LOCAL, "demo", edit))
        world.clock.advance(timedelta(hours=1))
        watch.saw(await world.get(draft, "/orders"))
        await watch.look(draft)
        watch.saw(await world.engine.manage.duplicate(LOCAL, "demo", "copy"))
        watch.saw(await world.engine.delete(LOCAL, "demo"))


@pytest.mark.parametrize("flow", list(FlowType))
async def test_no_flow_leaves_a_secret(places: Places, flow: FlowType) -> None:
    async with _watched(*places) as watch:
        world, engine = watch.world, watch.world.engine
        new = NewConnection(
            name="new", username=DEMO_USERNAME, password=Secret(DEMO_PASSWORD), flow=flow
        )
        watch.saw(new)
        draft = await world.draft(
            flow=flow,
            new={"username": new.username, "password": new.password},
            secrets=ClientSecrets(client_secret=Secret(CLIENT_SECRET), private_key=KEY),
            client_authentication="private_key_jwt",
            device_authorization_uri=world.server.device_authorization_uri,
            assertion=AssertionSettings(algorithm="ES256", key_id="k1"),
            pkce="off" if flow is FlowType.IMPLICIT else "S256",
            token_parameters=LOGIN if flow is FlowType.LOGIN else (),
        )
        if flow is FlowType.DEVICE:
            start = await engine.devices.begin(LOCAL, draft.id)
            watch.secrets.add(start.authorization.device_code.reveal())
            watch.saw(start, start.authorization)
            world.server.approve_device(start.authorization.user_code)
            await engine.devices.finish(LOCAL, start)
        elif flow is FlowType.IMPLICIT:
            query = parse_qs(urlsplit(await watch.begin(draft)).query)
            answer = {"access_token": ODD_TOKEN, "token_type": "bearer", "iss": world.server.issuer}
            fragment = urlencode({**answer, "state": query["state"][0]})
            await world.complete(draft, f"http://127.0.0.1:9999/#{fragment}")
            await watch.failing(world.complete(draft, f"http://127.0.0.1:9999/#{fragment}"))
        elif flow.needs_browser:
            await watch.consent(draft)
        else:
            await engine.authorize.obtain(LOCAL, draft.id)
        await watch.look(draft)
        watch.saw(await world.get(draft))
        world.clock.advance(timedelta(hours=1))
        await watch.trying(world.get(draft))
        await watch.look(draft)


ODD_ANSWERS = {
    "an echo of everything": Answer.json(
        {
            "error": "invalid_request",
            "error_description": f"bad secret {CLIENT_SECRET}",
            "error_uri": f"https://example.com/{CLIENT_SECRET}",
        },
        status=400,
    ),
    "a page": Answer(
        200, f"<html>{CLIENT_SECRET} {ODD_TOKEN}".encode(), (("Content-Type", "text/html"),)
    ),
    "broken JSON": Answer(
        200, f'{{"access_token": "{ODD_TOKEN}", '.encode(), (("Content-Type", "application/json"),)
    ),
    "a token of another type": Answer.json({"access_token": ODD_TOKEN, "token_type": "mac"}),
    "a token that breaks lines": Answer.json({"access_token": ODD_TOKEN + "\r\nX: y"}),
    "a token that is an object": Answer.json({"access_token": {"value": ODD_TOKEN}}),
    "a redirect": Answer(307, b"", (("Location", f"https://evil.example/?t={ODD_TOKEN}"),)),
    "an unknown refusal": Answer.json({"error": CLIENT_SECRET}, status=418),
    "a dead grant": Answer.json(
        {"error": "invalid_grant", "error_description": CLIENT_SECRET}, status=400
    ),
    "a bad ID token": Answer.json(
        {"access_token": ODD_TOKEN, "token_type": "Bearer", "id_token": f"e30.{ODD_TOKEN}.x"}
    ),
}


@pytest.mark.parametrize("answer", ODD_ANSWERS.values(), ids=list(ODD_ANSWERS))
async def test_odd_answers_leave_no_secret(places: Places, answer: Answer) -> None:
    async with _watched(*places) as watch:
        world = watch.world
        draft = await world.draft(scopes=("openid",), jwks_uri=world.server.jwks_uri)
        callback = world.server.approve(await watch.begin(draft))
        world.server.script("token", Replace(answer))
        await watch.trying(world.complete(draft, callback))
        await watch.look(draft)
        await watch.consent(draft)
        world.clock.advance(timedelta(hours=1))
        world.server.journal.allow(*("refresh_token_reused",))
        world.server.script("token", Replace(answer), Replace(answer))
        await watch.trying(world.get(draft))
        await watch.look(draft)
        watch.saw(await world.engine.verify(LOCAL, "demo"))


@pytest.mark.parametrize("kind", list(Kind))
async def test_no_credential_leaves_a_secret(places: Places, kind: Kind) -> None:
    async with _watched(*places) as watch:
        world, credentials = watch.world, watch.world.engine.credentials
        watch.secrets |= {CREDENTIAL, KEY_CANARY}
        # The secrets of the connection are what this test is compared with.
        await watch.consent(await world.draft())
        new = new_credential(kind)
        made = await credentials.create(LOCAL, new)
        ids = ids_of(kind, made.id)
        carried = await credentials.carried(LOCAL, ids)
        watch.saw(
            new, new.fields, made, made.details, carried, carried.credential, carried.identity
        )
        watch.saw(carried.proxy, world.engine.context.store.load_credential("local", made.id))
        spec = RequestSpec(url=world.server.api_url + "/echo")
        world.server.script("api", Replace(Answer.json({"you": CREDENTIAL})))
        ran = await world.engine.make_request(LOCAL, spec, credentials=ids)
        watch.saw(ran, ran.run, ran.error)
        away = RequestSpec(url="https://api.example/?api_key=x")
        watch.saw(await world.engine.make_request(LOCAL, away, credentials=ids))
        saved = NewRequest(name="saved", spec=spec, credentials=ids)
        watch.saw(saved, await world.engine.requests.create(LOCAL, saved))
        for bad in ({"username": "a:b"}, {"url": "x"}, {"value": Secret("a\nb")}, {"pkcs12": b"x"}):
            edit = CredentialEdit(fields=replace(new.fields, **bad))
            await watch.trying(credentials.edit(LOCAL, made.id, edit))
        watch.saw(await credentials.duplicate(LOCAL, made.id, "copy"))
        watch.saw(await credentials.page(LOCAL), await credentials.delete(LOCAL, made.id))
        await watch.failing(world.engine.run_saved(LOCAL, "saved"))


async def test_failures_on_the_way_leave_no_secret(places: Places) -> None:
    async with _watched(*places) as watch:
        world = watch.world
        server = world.server
        found = await world.draft(token_placement=TokenPlacement.QUERY)
        await watch.failing(world.get(found))
        await watch.consent(found)
        server.journal.allow("refresh_token_reused")
        for fault in (Drop(), Truncate(), Refuse(500, body=b"down")):
            world.clock.advance(timedelta(hours=1))
            server.script("token", fault, fault)
            await watch.trying(world.get(found))
            await watch.trying(watch.consent(found))
        await watch.consent(found)
        server.script("api", Drop())
        await watch.trying(world.get(found, "/me"))
        server.script("api", Truncate())
        await watch.failing(world.get(found, "/echo", method="POST", content=json_content({})))
        await watch.failing(world.get(found, f"{server.second_origin}0/x".replace("1:", "1:1")))
        await watch.failing(world.get(found, "https://other.example/"))
        await watch.failing(world.get(found, "/me?access_token=mine"))
        server.script("api", *[Replace(Answer(302, b"", (("Location", "/api/me"),)))] * 9)
        await watch.failing(world.get(found))
        await watch.failing(
            world.engine.manage.edit(
                LOCAL, "demo", ConnectionEdit(settings={"token_uri": "https://evil.example/"})
            )
        )
        await watch.failing(
            world.draft(
                "bad",
                flow=FlowType.JWT_BEARER,
                secrets=ClientSecrets(private_key=Secret("canary-broken-key-" + CLIENT_SECRET)),
            )
        )


async def test_keys_and_backups_leave_no_secret(
    places: Places, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    identity = pyrage.x25519.Identity.generate()
    lock = Lock(
        recipients=(str(identity.to_public()),),
        identities=(Secret(str(identity)),),
    )
    async with _watched(*places) as watch:
        await watch.consent(await watch.world.draft())
        here = Settings.from_environment(environment(watch.world.folder))
        with open_installation(here) as installation:
            store, keys = installation.store, installation.keys
            keys.make_primary(new := keys.add())
            watch.secrets |= {str(identity), *(key.to_text() for key in keys.held)}
            watch.saw(lock, installation, keys, keys.held, keys.statuses(), keys.rewrap())
            for with_keys in (True, False):
                path = elsewhere / f"{with_keys}.age"
                clock = watch.world.clock
                watch.saw(
                    write_backup(store, keys, path, lock, clock=clock, with_keys=with_keys),
                    store.list_keys(),
                    store.instance(),
                )
                with (
                    path.open("rb") as file,
                    decrypted(file, passphrase=None, identities=lock.identities) as plain,
                ):
                    watch.saw(Reader(plain).header)
            assert new == keys.held[0].fingerprint
        there = Settings.from_environment(environment(elsewhere / "data"))
        watch.saw(restore_backup(there, elsewhere / "True.age", lock), there)
        bad = Settings.from_environment(environment(elsewhere / "bad"))
        with pytest.raises(KeyUnavailable) as refused:
            restore_backup(bad, elsewhere / "False.age", lock)
        watch.saw(refused.value)
        secrets = watch.everything_secret()
        assert_no_canary(secrets, *_files_but_the_key(elsewhere / "data").values())
        assert_no_canary(secrets, *(each.read_bytes() for each in elsewhere.glob("*.age")))
