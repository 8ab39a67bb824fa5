"""Every flow type from the form to a working request, and every callback that must be refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import pytest

from grantline.connections.connection import Actor, Connection
from grantline.connections.consent.callback_path import callback_digest, callback_path
from grantline.connections.engine import LOCAL
from grantline.connections.planning import ConnectionEdit
from grantline.connections.state import State
from grantline.errors import (
    AuthorizationDenied,
    CallbackRejected,
    ConnectionChanged,
    ConnectionNotFound,
    GrantlineError,
    InvalidGrant,
    InvalidInput,
)
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.settings import ClientSecrets, FlowType
from grantline.oauth.jwt import new_ec_key, public_jwk
from grantline.secret import Secret
from grantline.testing.authorization_server import (
    DEMO_PASSWORD,
    DEMO_USERNAME,
    Client,
    DpopPolicy,
    FakeAuthorizationServer,
    ServerOptions,
)
from grantline.testing.clock import FakeClock, JumpingClock
from tests.connections.world import World, a_world

STRANGER = Actor(user="somebody else")
KEY = new_ec_key(b"k" * 48)
CLIENT_WITH_KEY = Client(jwks=({**public_jwk(KEY, algorithm="ES256", field="key"), "kid": "k1"},))


async def test_a_consent_makes_a_connection_that_works(world: World) -> None:
    found = await world.authorized(scopes=("openid", "profile"), jwks_uri=world.server.jwks_uri)

    assert found.state is State.AUTHORIZED
    assert found.generation == 1
    assert found.has_refresh_token
    assert found.granted_scopes == ("openid", "profile")
    assert found.account_label == "demo-user"
    assert found.expires_at == world.clock.now() + timedelta(hours=1)
    assert (await world.get(found)).json()["sub"] == "demo-user"


async def test_an_implicit_answer_is_read_from_the_fragment(world: World) -> None:
    draft = await world.draft(flow=FlowType.IMPLICIT, pkce="off")
    begun = await world.begin(draft)
    query = dict(parse_qs(urlsplit(begun.url).query))
    # Today's servers refuse response_type=token, so this one's answer is written by hand.
    answer = urlencode(
        {
            "access_token": "at-by-fragment",
            "token_type": "Bearer",
            "expires_in": "600",
            "state": query["state"][0],
            "iss": world.server.issuer,
        }
    )

    await world.complete(draft, f"http://127.0.0.1:9999/x#{answer}")

    assert query["response_type"] == ["token"]
    assert await world.token(draft) == "at-by-fragment"
    assert world.server.journal.count("token") == 0


@pytest.mark.parametrize("flow", [FlowType.CLIENT_CREDENTIALS, FlowType.PASSWORD])
async def test_a_flow_without_a_person_renews_itself(world: World, flow: FlowType) -> None:
    new = {"username": DEMO_USERNAME, "password": Secret(DEMO_PASSWORD)}
    draft = await world.draft(flow=flow, new=new if flow is FlowType.PASSWORD else {})

    await world.engine.authorize.obtain(LOCAL, draft.id)

    first = await world.token(draft)
    world.clock.advance(timedelta(hours=1))
    assert await world.token(draft) != first
    assert (await world.get(draft)).is_success


async def test_a_dead_refresh_token_falls_back_to_the_password(world: World) -> None:
    new = {"username": DEMO_USERNAME, "password": Secret(DEMO_PASSWORD)}
    draft = await world.draft(flow=FlowType.PASSWORD, new=new)
    await world.engine.authorize.obtain(LOCAL, draft.id)
    world.server.revoke_grants()

    assert (await world.get(draft)).is_success
    assert (await world.find(draft)).state is State.AUTHORIZED


async def test_a_jwt_bearer_grant_signs_its_way_in(tmp_path: Path) -> None:
    async with a_world(tmp_path, clients=(CLIENT_WITH_KEY,)) as world:
        draft = await world.draft(
            flow=FlowType.JWT_BEARER,
            secrets=ClientSecrets(private_key=KEY),
            client_authentication="none",
            assertion=AssertionSettings(algorithm="ES256", key_id="k1"),
        )
        await world.engine.authorize.obtain(LOCAL, draft.id)
        assert (await world.get(draft)).is_success
        world.clock.advance(timedelta(hours=1))
        assert (await world.get(draft)).is_success


async def test_a_device_flow_waits_for_the_person(tmp_path: Path) -> None:
    async with a_world(tmp_path, clock=JumpingClock()) as world:
        server = world.server
        draft = await world.draft(
            flow=FlowType.DEVICE, device_authorization_uri=server.device_authorization_uri
        )
        start = await world.engine.devices.begin(LOCAL, draft.id)
        with server.hold("token", "received") as first_poll:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(world.engine.devices.finish, LOCAL, start)
                await first_poll.reached()
                server.approve_device(start.authorization.user_code)
                first_poll.release()
        assert (await world.get(draft)).is_success
        world.clock.advance(timedelta(hours=1))
        assert (await world.get(draft)).is_success


async def test_a_device_code_that_nobody_enters_expires(tmp_path: Path) -> None:
    async with a_world(tmp_path, clock=JumpingClock()) as world:
        draft = await world.draft(
            flow=FlowType.DEVICE,
            device_authorization_uri=world.server.device_authorization_uri,
        )
        start = await world.engine.devices.begin(LOCAL, draft.id)
        with pytest.raises(InvalidGrant) as caught:
            await world.engine.devices.finish(LOCAL, start)
        assert caught.value.error == "expired_token"
        assert (await world.find(draft)).state is State.DRAFT


@pytest.mark.parametrize("server_options", [ServerOptions(require_par=True)])
async def test_pushed_authorization_keeps_the_request_out_of_the_browser(world: World) -> None:
    draft = await world.draft(
        use_par=True, pushed_authorization_uri=world.server.pushed_authorization_uri
    )
    begun = await world.begin(draft)
    assert set(parse_qs(urlsplit(begun.url).query)) == {"client_id", "request_uri"}
    await world.complete(draft, world.server.approve(begun.url))
    assert (await world.get(draft)).is_success


@pytest.mark.parametrize(
    "server_options", [ServerOptions(dpop=DpopPolicy.REQUIRE, dpop_nonce=True)]
)
async def test_bound_tokens_work_through_changing_nonces(world: World) -> None:
    found = await world.authorized(use_dpop=True)
    for _ in range(2):
        assert (await world.get(found)).is_success
        world.server.rotate_dpop_nonce()
    world.clock.advance(timedelta(hours=1))
    assert (await world.get(found)).is_success
    assert (await world.find(found)).generation == 2


async def test_bound_tokens_survive_an_edit_that_makes_a_new_key(tmp_path: Path) -> None:
    options = ServerOptions(dpop=DpopPolicy.REQUIRE)
    async with a_world(tmp_path, options, clients=(Client(), Client(client_id="other"))) as world:
        found = await world.authorized(use_dpop=True)
        assert (await world.get(found)).is_success
        before = (await world.engine.context.hold(LOCAL, found.id)).dpop
        secret = Secret(world.server.client.client_secret)
        edit = ConnectionEdit(
            settings={"client_id": "other"}, secrets=ClientSecrets(client_secret=secret)
        )
        await world.engine.manage.edit(LOCAL, found.name, edit)
        again = await world.authorize(await world.find(found))
        assert (await world.get(again)).is_success
        after = (await world.engine.context.hold(LOCAL, found.id)).dpop
        assert before is not None
        assert after is not None
        assert before.key != after.key


async def _refused(
    world: World, draft: Connection, callback: str, check: str, actor: Actor = LOCAL, **changes: str
) -> None:
    before = world.server.journal.count("token")
    query = urlsplit(callback).query
    given = {"binding": "binding-of-this-session", **changes}
    given.setdefault("context_digest", callback_digest(draft.app.settings))
    with pytest.raises(CallbackRejected) as caught:
        await world.engine.authorize.complete(actor, query, **given)
    assert caught.value.check == check
    assert world.server.journal.count("token") == before


async def test_a_state_is_used_once(world: World) -> None:
    draft = await world.draft()
    callback = world.server.approve((await world.begin(draft)).url)
    await world.complete(draft, callback)
    await _refused(world, draft, callback, "state_used")


async def test_of_many_callbacks_with_one_state_one_is_taken(world: World) -> None:
    draft = await world.draft()
    callback = world.server.approve((await world.begin(draft)).url)
    outcomes: list[str] = []

    async def come_back() -> None:
        try:
            outcomes.append(await world.complete(draft, callback))
        except CallbackRejected as refused:
            outcomes.append(refused.check)

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(come_back)
    assert sorted(outcomes) == sorted([draft.id, *["state_used"] * 7])
    assert world.server.journal.count("token") == 1


async def test_a_state_lives_ten_minutes(world: World) -> None:
    draft = await world.draft()
    in_time, too_late = [world.server.approve((await world.begin(draft)).url) for _ in range(2)]
    world.clock.advance(timedelta(minutes=10))
    with pytest.raises(InvalidGrant):  # the server's own code has expired, ours was in time
        await world.complete(draft, in_time)
    world.clock.advance(timedelta(microseconds=1))
    await _refused(world, draft, too_late, "state_expired")


@pytest.mark.parametrize(
    ("check", "actor", "changes"),
    [
        ("session_mismatch", LOCAL, {"binding": "another session"}),
        ("session_missing", LOCAL, {"binding": ""}),
        ("session_mismatch", STRANGER, {}),
        ("session_mismatch", Actor(workspace="elsewhere"), {}),
        ("context_mismatch", LOCAL, {"context_digest": "0123456789abcdef"}),
    ],
)
async def test_a_callback_of_somebody_else_is_refused(
    world: World, check: str, actor: Actor, changes: dict[str, str]
) -> None:
    draft = await world.draft()
    callback = world.server.approve((await world.begin(draft)).url)
    await _refused(world, draft, callback, check, actor, **changes)
    assert (await world.find(draft)).state is State.DRAFT


async def test_a_code_from_an_honest_server_never_reaches_a_hostile_token_uri(
    world: World, clock: FakeClock
) -> None:
    """COAT: the state is honest, the code comes from another server than the state's."""
    async with FakeAuthorizationServer(clock=clock) as hostile:
        honest_app = await world.draft("honest")
        attack = await world.draft("attack", server=hostile, issuer="", expect_iss=False)
        state = parse_qs(urlsplit((await world.begin(attack)).url).query)["state"][0]
        victims_code = world.server.approve((await world.begin(honest_app)).url)
        code = parse_qs(urlsplit(victims_code).query)["code"][0]
        mixed = urlencode({"code": code, "state": state})
        # The honest server knows only the honest app's path.
        with pytest.raises(CallbackRejected) as caught:
            await world.engine.authorize.complete(
                LOCAL,
                mixed,
                binding="binding-of-this-session",
                context_digest=callback_digest(honest_app.app.settings),
            )
        assert caught.value.check == "context_mismatch"
        assert hostile.journal.count("token") == 0
        assert world.server.journal.count("token") == 0


async def test_a_code_forced_on_a_victim_is_refused(world: World) -> None:
    """CORF and COSF: what one person began, another person cannot finish."""
    draft = await world.draft()
    attackers = world.server.approve((await world.begin(draft, binding="the attacker's")).url)
    await _refused(world, draft, attackers, "session_mismatch")


async def test_two_servers_have_two_callback_paths(world: World, clock: FakeClock) -> None:
    async with FakeAuthorizationServer(clock=clock) as other:
        here = (await world.draft("here")).app.settings
        there = (await world.draft("there", server=other)).app.settings
        assert callback_path(here) != callback_path(there)


@pytest.mark.parametrize(
    ("alter", "check"),
    [
        (lambda query: query.replace("iss=", "no="), "iss_missing"),
        (lambda query: query.replace("iss=http", "iss=https"), "iss_mismatch"),
        (lambda query: query.replace("code=", "nocode="), "code_missing"),
        (lambda query: query + "&error=access_denied", "error_and_code"),
    ],
)
async def test_an_altered_callback_is_refused(
    world: World, alter: Callable[[str], str], check: str
) -> None:
    draft = await world.draft()
    query = urlsplit(world.server.approve((await world.begin(draft)).url)).query
    await _refused(world, draft, "http://x/?" + alter(query), check)


@pytest.mark.parametrize("answer", ["", "code=abc", "code=abc&state=unknown"])
async def test_a_callback_without_a_known_state_is_refused(world: World, answer: str) -> None:
    with pytest.raises(CallbackRejected):
        await world.engine.authorize.complete(LOCAL, answer, binding="b")
    assert world.server.journal.count("token") == 0


async def test_a_no_leaves_a_draft(world: World) -> None:
    draft = await world.draft()
    with pytest.raises(AuthorizationDenied):
        await world.complete(draft, world.server.deny((await world.begin(draft)).url))
    assert (await world.find(draft)).state is State.DRAFT


async def test_a_callback_for_a_deleted_connection_asks_for_nothing(world: World) -> None:
    draft = await world.draft()
    callback = world.server.approve((await world.begin(draft)).url)
    await world.engine.delete(LOCAL, draft.name)
    with pytest.raises(GrantlineError):
        await world.complete(draft, callback)
    assert world.server.journal.count("token") == 0


async def test_a_connection_deleted_during_the_exchange_gives_its_grant_back(
    world: World,
) -> None:
    draft = await world.draft()
    callback = world.server.approve((await world.begin(draft)).url)
    with world.server.hold("token", "committed") as exchange:
        async with anyio.create_task_group() as tasks:

            async def come_back() -> None:
                with pytest.raises(ConnectionNotFound):
                    await world.complete(draft, callback)

            tasks.start_soon(come_back)
            await exchange.reached()
            await world.engine.delete(LOCAL, draft.name)
            exchange.release()
    assert world.server.journal.count("revoke") == 2


async def test_an_app_pointed_elsewhere_during_the_exchange_keeps_no_token(
    world: World,
) -> None:
    draft = await world.draft()
    callback = world.server.approve((await world.begin(draft)).url)
    edit = ConnectionEdit(
        settings={"token_uri": world.server.second_origin + "/token"},
        secrets=ClientSecrets(client_secret=Secret("another secret")),
    )
    with world.server.hold("token", "committed") as exchange:
        async with anyio.create_task_group() as tasks:

            async def come_back() -> None:
                with pytest.raises(ConnectionChanged):
                    await world.complete(draft, callback)

            tasks.start_soon(come_back)
            await exchange.reached()
            await world.engine.manage.edit(LOCAL, draft.name, edit)
            exchange.release()
    assert (await world.find(draft)).state is State.DRAFT
    assert world.columns(draft) is None
    assert world.server.journal.count("second_origin") == 0


@pytest.mark.parametrize(
    ("flow", "call"),
    [
        (FlowType.CLIENT_CREDENTIALS, "begin"),
        (FlowType.AUTHORIZATION_CODE, "obtain"),
        (FlowType.AUTHORIZATION_CODE, "device"),
    ],
)
async def test_a_flow_is_not_run_as_another(world: World, flow: FlowType, call: str) -> None:
    draft = await world.draft(flow=flow)
    engine = world.engine
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "begin": partial(world.begin, draft),
        "obtain": partial(engine.authorize.obtain, LOCAL, draft.id),
        "device": partial(engine.devices.begin, LOCAL, draft.id),
    }
    with pytest.raises(InvalidInput) as caught:
        await calls[call]()
    assert caught.value.field == "Flow type"
