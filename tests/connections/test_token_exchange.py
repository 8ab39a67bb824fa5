"""A token traded for another one at the service of a connection (RFC 8693)."""

from __future__ import annotations

import pytest

from grantline.connections.engine import LOCAL
from grantline.errors import AuthorizationServerError
from grantline.testing.authorization_server import Answer, Replace
from tests.connections.world import World


async def test_a_traded_token_is_for_what_was_asked_and_not_kept(world: World) -> None:
    connection = await world.authorized()
    own = await world.token(connection)

    token = await world.engine.exchange_token(
        LOCAL, connection.id, audiences=("billing",), scopes=("profile",)
    )

    sent = world.server.journal.at("token")[-1].incoming.parameters
    assert (sent["subject_token"], sent["audience"], sent["scope"]) == (own, "billing", "profile")
    assert token.reveal() != own == await world.token(connection)


async def test_a_refused_trade_leaves_the_connection_alone(world: World) -> None:
    connection = await world.authorized()
    world.server.script("token", Replace(Answer.json({"error": "invalid_grant"}, status=400)))

    with pytest.raises(AuthorizationServerError, match="refuses the request as it was made"):
        await world.engine.exchange_token(LOCAL, connection.id, audiences=("elsewhere",))

    assert (await world.find(connection)).state == connection.state
