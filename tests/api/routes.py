"""Every operation of the API, taken from its own description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from grantline.server.api.app import create_api

DOCUMENT: Final = create_api().openapi()


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Attributes:
        id: Its operation id.
        scopes: What a key needs, one of them; empty when none is needed.
        parameters: Names of the path's parameters.
    """

    id: str
    method: str
    path: str
    scopes: tuple[str, ...]
    parameters: tuple[str, ...]
    has_body: bool

    def at(self, ids: dict[str, str]) -> str:
        """The path with ``ids`` in it."""
        return self.path.format(**ids)


def _operation(path: str, method: str, told: dict[str, Any]) -> Operation:
    scopes = {scope for way in told.get("security", ()) for each in way.values() for scope in each}
    named = [each["name"] for each in told.get("parameters", ()) if each["in"] == "path"]
    body = "requestBody" in told
    return Operation(told["operationId"], method.upper(), path, tuple(scopes), tuple(named), body)


OPERATIONS: Final = [
    _operation(path, method, told)
    for path, methods in DOCUMENT["paths"].items()
    for method, told in methods.items()
]
