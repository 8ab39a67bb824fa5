"""The password grant, for services that have nothing else."""

from __future__ import annotations

import pytest

from grantline.connections.connection import Connection
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.planning import ConnectionEdit
from grantline.connections.revoke import revoke_tokens
from grantline.connections.state import State
from grantline.errors import AuthorizationServerError
from grantline.oauth.app.settings import FlowType
from grantline.secret import Secret
from tests.flows.journeys import connect, get
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]

PASSWORD = "correct horse battery staple"


async def of_person(engine: Engine, peer: Peer, password: str = PASSWORD) -> Connection:
    return await connect(
        engine,
        peer,
        "password",
        flow=FlowType.PASSWORD,
        username="person",
        password=password,
    )


async def test_a_password_brings_a_token_that_renews_itself(
    engine: Engine, django_toolkit: Peer
) -> None:
    connection = await of_person(engine, django_toolkit)
    await engine.authorize.obtain(LOCAL, connection.id)
    first = await engine.token(LOCAL, connection.id)
    assert (await get(engine, connection))["sub"] == "person"
    second = await engine.token(LOCAL, connection.id, rejected=first)

    assert second != first
    assert (await get(engine, connection))["sub"] == "person"
    assert (await engine.find(LOCAL, connection.id)).has_refresh_token


async def test_a_wrong_password_is_refused_and_can_be_put_right(
    engine: Engine, django_toolkit: Peer
) -> None:
    connection = await of_person(engine, django_toolkit, "wrong horse")
    with pytest.raises(AuthorizationServerError) as refused:
        await engine.authorize.obtain(LOCAL, connection.id)
    assert refused.value.error == "invalid_grant"
    assert (await engine.find(LOCAL, connection.id)).state is State.DRAFT

    await engine.manage.edit(LOCAL, connection.id, ConnectionEdit(password=Secret(PASSWORD)))
    await engine.authorize.obtain(LOCAL, connection.id)

    assert (await get(engine, connection))["sub"] == "person"


async def test_the_password_serves_when_the_refresh_token_is_dead(
    engine: Engine, django_toolkit: Peer
) -> None:
    connection = await of_person(engine, django_toolkit)
    await engine.authorize.obtain(LOCAL, connection.id)
    holding = await engine.context.hold(LOCAL, connection.id)
    await revoke_tokens(engine.context, holding, holding.tokens)

    assert (await get(engine, connection))["sub"] == "person"
    assert (await engine.find(LOCAL, connection.id)).state is State.AUTHORIZED
