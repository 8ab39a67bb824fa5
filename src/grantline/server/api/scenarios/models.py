"""Scenarios as the API takes and shows them: in plain form, or as the text of a file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal

from starlette.requests import Request

from grantline.connections.connection import Actor
from grantline.errors import InvalidInput
from grantline.scenarios.definition.plain import read_plain, scenario_from_plain, scenario_to_plain
from grantline.scenarios.definition.problem import Problem
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.kept import MOST_BYTES, KeptScenario, ScenarioSummary
from grantline.scenarios.service import Scenarios
from grantline.server.api.fields import JsonObject, Shown
from grantline.server.settings import ServerSettings

YAML: Final = "application/yaml"
YAML_TYPES: Final = frozenset({YAML, "application/x-yaml", "text/yaml", "text/x-yaml"})
_SCHEMA: Final = {
    "type": "object",
    "title": "Scenario",
    "description": "A scenario as files have it: see the page on scenarios.",
    "properties": {
        "grantline": {"type": "integer", "const": 1, "description": "The version of the format."},
        "name": {"type": "string", "maxLength": 100},
        "note": {"type": "string"},
        "trigger": {"type": "object"},
        "inputs": {"type": "object"},
        "bounds": {"type": "object"},
        "modules": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["name", "modules"],
    "examples": [
        {
            "name": "Who am I",
            "modules": [{"id": 1, "make_request": {"url": "https://api.example.com/me"}}],
        }
    ],
}
# For routes that read their body themselves.
TAKES_SCENARIO: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _SCHEMA},
            YAML: {"schema": {"type": "string", "description": "The text of a file."}},
        },
    }
}
GIVES_YAML: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {YAML: {"schema": {"type": "string", "description": "The text of a file."}}}}
}


class ListedScenarioShown(Shown):
    """A scenario in a list."""

    id: str
    name: str
    owner: str
    is_active: bool
    """Whether its trigger starts runs."""
    trigger: Literal["manual", "schedule", "webhook"]
    cron: str
    """Of a schedule; empty for other triggers, and so is `time_zone`."""
    time_zone: str
    at_once: int
    """How many of its runs go on at the same time."""
    modules: int
    """How many it has."""
    version: int
    """Grows with every edit; switching it on or off is none."""
    created_at: datetime
    updated_at: datetime


class ScenarioShown(Shown):
    """A scenario, whole. Its definition is given back as it was written."""

    id: str
    name: str
    owner: str
    is_active: bool
    webhook_url: str | None
    """Where its webhook listens, a secret; null when another trigger starts it."""
    definition: JsonObject
    version: int
    created_at: datetime
    updated_at: datetime


class ScenarioProblemShown(Shown):
    """One thing that would keep a scenario from running."""

    module: int | None
    """Its number; null where it concerns the scenario."""
    field: str
    message: str
    hint: str
    line: int | None
    """Of the file, from 1; null for JSON."""
    column: int | None


class CheckedShown(Shown):
    """All that would keep a scenario from running; nothing when it is in order."""

    problems: list[ScenarioProblemShown]


async def text_given(request: Request) -> str:
    """The body as text.

    Raises:
        InvalidInput: It is too large, or no UTF-8.
    """
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise InvalidInput(
            f"A scenario has at most {MOST_BYTES:,} bytes.", field="body", hint="Split it."
        )
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise InvalidInput("The body is not UTF-8.", field="body", hint="Send UTF-8.") from None


async def scenario_given(request: Request, scenarios: Scenarios, actor: Actor) -> Scenario:
    """The scenario in a body, as JSON or YAML, with ids for the names in it.

    Raises:
        InvalidInput: It cannot be read; names what is wrong with it.
    """
    text = await text_given(request)
    if is_yaml(request):
        return await scenarios.read_file(actor, text)
    return scenario_from_plain(_json(text))


async def problems_given(
    request: Request, scenarios: Scenarios, actor: Actor
) -> tuple[Problem, ...]:
    """All that is wrong with the scenario in a body. Raises ``InvalidInput`` when it is none."""
    text = await text_given(request)
    if is_yaml(request):
        return (await scenarios.examine_file(actor, text))[1]
    scenario, faults = read_plain(_json(text))
    return faults or await scenarios.problems(actor, scenario)


def is_yaml(request: Request) -> bool:
    """Whether the body is YAML.

    Raises:
        InvalidInput: It is neither that nor JSON.
    """
    given = request.headers.get("content-type", "application/json").partition(";")[0]
    media_type = given.strip().lower()
    if media_type in YAML_TYPES:
        return True
    if media_type == "application/json" or media_type.endswith("+json"):
        return False
    raise InvalidInput(
        "A scenario is given as JSON or YAML.",
        field="Content-Type",
        hint=f"Send application/json or {YAML}.",
    )


def wants_yaml(request: Request) -> bool:
    """Whether the caller asks for the text of a file."""
    accepted = request.headers.get("accept", "").lower()
    first = accepted.partition(",")[0].partition(";")[0].strip()
    return first in YAML_TYPES


def scenario_view(kept: KeptScenario, web: ServerSettings) -> dict[str, Any]:
    """The fields of ``ScenarioShown``."""
    names = set(ScenarioShown.model_fields) - {"webhook_url", "definition"}
    path = kept.hook_url_path
    return {
        **{name: getattr(kept, name) for name in names},
        "webhook_url": None if path is None else web.public_url + path.reveal(),
        "definition": scenario_to_plain(kept.scenario),
    }


def listed_view(summary: ScenarioSummary) -> dict[str, Any]:
    """The fields of ``ListedScenarioShown``."""
    return {name: getattr(summary, name) for name in ListedScenarioShown.model_fields}


def problems_view(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """The fields of ``ScenarioProblemShown``, for each."""
    return [
        {
            "module": each.module_id,
            "field": each.field,
            "message": each.message,
            "hint": each.hint,
            "line": each.line,
            "column": each.column,
        }
        for each in problems
    ]


def _json(text: str) -> dict[str, Any]:
    try:
        plain = json.loads(text, parse_constant=_no_number)
        # Halves of surrogate pairs are JSON, and no text.
        json.dumps(plain, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise InvalidInput(
            "The body is not JSON.", field="body", hint=f"For YAML send Content-Type: {YAML}."
        ) from None
    if not isinstance(plain, dict):
        raise InvalidInput(
            "A scenario is an object.", field="body", hint="It has at least name and modules."
        )
    return plain


def _no_number(_text: str) -> float:
    raise ValueError
