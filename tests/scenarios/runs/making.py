"""Scenarios in few words."""

from __future__ import annotations

from typing import Any

from grantline.scenarios.definition.modules import (
    Aggregate,
    Branch,
    Does,
    HttpCall,
    Iterate,
    MakeRequest,
    Module,
    Router,
    SetVariables,
    request_of,
)
from grantline.scenarios.definition.scenario import Bounds, Scenario


def a_scenario(*modules: Module, **fields: Any) -> Scenario:
    """One of these modules."""
    bounds = {key: fields.pop(key) for key in ("at_once", "steps", "within") if key in fields}
    plain: dict[str, Any] = {"name": "Nightly", "bounds": Bounds(**bounds)}
    return Scenario(modules=modules, **(plain | fields))


def module(number: int, does: Does, **fields: Any) -> Module:
    """A module of this number."""
    return Module(id=number, does=does, **fields)


def get(number: int, url: str, connection_id: str | None = None, **fields: Any) -> Module:
    """One that asks for ``url``."""
    call = HttpCall(spec=request_of(url), connection_id=connection_id)
    return module(number, MakeRequest(call=call), **fields)


def each(number: int, items: str, **fields: Any) -> Module:
    """An iterator."""
    return module(number, Iterate(items=items), **fields)


def collect(number: int, source: int, value: Any, **fields: Any) -> Module:
    """An aggregator that makes a list."""
    return module(number, Aggregate(source=source, value=value), **fields)


def variables(number: int, **values: Any) -> Module:
    """One that sets these."""
    return module(number, SetVariables(variables=tuple(values.items())))


def router(number: int, *branches: Branch, **fields: Any) -> Module:
    """A router."""
    return module(number, Router(branches=branches), **fields)
