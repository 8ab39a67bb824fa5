"""Both faces have the same names, and the same arguments behind them."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from grantline.client.async_connection import AsyncConnection
from grantline.client.async_connections import AsyncConnections
from grantline.client.async_pending import AsyncPending
from grantline.client.async_requester import AsyncRequester
from grantline.client.async_scenarios import AsyncScenarios
from grantline.client.connection import Connection
from grantline.client.connection_fields import SECRETS, SETTINGS, AppFields
from grantline.client.connections import Connections
from grantline.client.pending import Pending
from grantline.client.requester import Requester
from grantline.client.scenarios import Scenarios

# What only one side needs: what the other asks it for, and what waiting makes of it.
OF_THE_AWAITED_SIDE = {"held", "bearer_of", "connection", "finish", "accept"}


def public_members(kind: type) -> dict[str, Any]:
    return {name: value for name, value in vars(kind).items() if not name.startswith("_")}


def shape(method: Callable[..., Any]) -> list[tuple[str, Any, Any, Any]]:
    parameters = inspect.signature(method).parameters.values()
    return [(each.name, each.kind, each.default, each.annotation) for each in parameters]


@pytest.mark.parametrize(
    ("waits", "awaits"),
    [
        (Connections, AsyncConnections),
        (Connection, AsyncConnection),
        (Requester, AsyncRequester),
        (Pending, AsyncPending),
        (Scenarios, AsyncScenarios),
    ],
)
def test_the_twins_have_the_same_methods_with_the_same_parameters(
    waits: type, awaits: type
) -> None:
    one, other = public_members(waits), public_members(awaits)
    methods = {name for name, value in one.items() if callable(value)}

    assert methods == {
        name for name, value in other.items() if callable(value) and name not in OF_THE_AWAITED_SIDE
    }
    assert {name: shape(one[name]) for name in methods} == {
        name: shape(other[name]) for name in methods
    }


@pytest.mark.parametrize(
    ("waits", "awaits"), [(Connections, AsyncConnections), (Connection, AsyncConnection)]
)
def test_the_twins_have_the_same_properties(waits: type, awaits: type) -> None:
    def properties(kind: type) -> set[str]:
        return {name for name, each in public_members(kind).items() if isinstance(each, property)}

    assert properties(waits) == properties(awaits)


def test_a_connection_is_described_by_every_setting_and_every_secret_of_its_app() -> None:
    assert set(AppFields.__annotations__) == SETTINGS | SECRETS
