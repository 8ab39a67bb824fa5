"""Whose account a connection reaches, and that another one replaces nothing by itself."""

from __future__ import annotations

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.exchange import transcript
from grantline.connections.transcript import Step
from grantline.errors import AccountChanged
from grantline.oauth.app.app_rules import IdentityRules
from grantline.store.records.connections import Account
from tests.connections.world import World

RULES = IdentityRules(url="/me", label=("name",), id="sub")


async def test_another_account_replaces_nothing_until_somebody_means_it(world: World) -> None:
    made = await world.authorized(identity=RULES)
    before = await world.token(made)
    # As if somebody else had consented the first time.
    world.engine.context.store.save_account(made.id, Account(id="somebody", label="Some Body"))

    with pytest.raises(AccountChanged, match=r"belongs to Some Body.*Demo User"):
        await world.authorize(made)
    assert await world.token(made) == before

    replaced = await world.authorize(made, any_account=True)

    assert (replaced.account_id, replaced.account_label) == ("demo-user", "Demo User")
    assert await world.token(made) != before


async def test_an_identity_that_cannot_be_asked_leaves_the_connection_working(
    world: World,
) -> None:
    made = await world.authorized(identity=IdentityRules(url="/nothing-here", id="sub"))

    assert made.account_id == ""
    assert (await world.get(made)).status == 200


async def test_the_identity_request_goes_to_the_hosts_of_the_connection_only(
    world: World,
) -> None:
    made = await world.authorized(identity=IdentityRules(url="https://evil.test/me", id="sub"))

    assert made.account_id == ""
    assert Step.IDENTITY not in {
        line.step for line in await transcript(world.engine.context, LOCAL, made.id)
    }
