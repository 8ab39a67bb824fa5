"""Scenarios: list, create, read, replace, check, switch on and off, duplicate, delete."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from grantline.scenarios.kept import KeptScenario
from grantline.scenarios.service import Scenarios
from grantline.server.api.address import API_PREFIX
from grantline.server.api.auth import Manager, Reader, TheSettings
from grantline.server.api.fields import DuplicateGiven, Limit, Listed, Offset, Ref, Search
from grantline.server.api.scenarios.models import (
    GIVES_YAML,
    TAKES_SCENARIO,
    YAML,
    CheckedShown,
    ListedScenarioShown,
    ScenarioShown,
    listed_view,
    problems_given,
    problems_view,
    scenario_given,
    scenario_view,
    wants_yaml,
)
from grantline.server.api.versions import IfMatch, expected, tag
from grantline.server.page import scenarios_of
from grantline.server.settings import ServerSettings

router: Final = APIRouter(prefix="/scenarios", tags=["Scenarios"])

TheScenarios = Annotated[Scenarios, Depends(scenarios_of)]
Used = Annotated[str | None, Query(description="Those that refer to this id.", max_length=100)]
Active = Annotated[bool | None, Query(description="Those that are on, or off.")]


@router.get("", response_model=Listed[ListedScenarioShown])
async def list_scenarios(
    *,
    caller: Reader,
    scenarios: TheScenarios,
    q: Search = "",
    active: Active = None,
    connection_id: Used = None,
    credential_id: Used = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Any:
    """Scenarios by name."""
    page = await scenarios.page(
        caller.actor,
        query=q,
        connection_id=connection_id,
        credential_id=credential_id,
        is_active=active,
        offset=offset,
        limit=limit,
    )
    return {"items": [listed_view(each) for each in page.rows], "total": page.total}


@router.post("", status_code=201, response_model=ScenarioShown, openapi_extra=TAKES_SCENARIO)
async def create_scenario(
    caller: Manager,
    scenarios: TheScenarios,
    web: TheSettings,
    request: Request,
    response: Response,
) -> Any:
    """Keeps a scenario, which is off; from JSON, or from YAML by its Content-Type."""
    given = await scenario_given(request, scenarios, caller.actor)
    return _created(response, await scenarios.create(caller.actor, given), web)


@router.post("/check", response_model=CheckedShown, openapi_extra=TAKES_SCENARIO)
async def check_scenario(caller: Manager, scenarios: TheScenarios, request: Request) -> Any:
    """All that is wrong with a scenario; nothing is kept."""
    found = await problems_given(request, scenarios, caller.actor)
    return {"problems": problems_view(found)}


@router.get("/{scenario}", response_model=ScenarioShown, responses=GIVES_YAML)
async def get_scenario(
    *,
    caller: Manager,
    scenarios: TheScenarios,
    web: TheSettings,
    scenario: Ref,
    request: Request,
    response: Response,
) -> Any:
    """One scenario; as a file with `Accept: application/yaml`."""
    kept = await scenarios.find(caller.actor, scenario)
    if wants_yaml(request):
        text = await scenarios.write_file(caller.actor, kept.scenario)
        response = Response(text, media_type=YAML)
        tag(response, kept.version)
        return response
    tag(response, kept.version)
    return scenario_view(kept, web)


@router.put("/{scenario}", response_model=ScenarioShown, openapi_extra=TAKES_SCENARIO)
async def replace_scenario(
    *,
    caller: Manager,
    scenarios: TheScenarios,
    web: TheSettings,
    scenario: Ref,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> Any:
    """Puts another definition in its place; runs under way go on as they were begun."""
    old = await scenarios.find(caller.actor, scenario)
    version = expected(None, if_match)
    given = await scenario_given(request, scenarios, caller.actor)
    edited = await scenarios.edit(caller.actor, old.id, given, version=version)
    tag(response, edited.version)
    return scenario_view(edited, web)


@router.delete("/{scenario}", response_model=ListedScenarioShown)
async def delete_scenario(caller: Manager, scenarios: TheScenarios, scenario: Ref) -> Any:
    """Deletes a scenario; its runs stay."""
    return listed_view(await scenarios.delete(caller.actor, scenario))


@router.post("/{scenario}/activate", response_model=ScenarioShown)
async def activate_scenario(
    caller: Manager, scenarios: TheScenarios, web: TheSettings, scenario: Ref
) -> Any:
    """Lets its trigger start runs; refused while something is wrong with it."""
    return scenario_view(await scenarios.set_active(caller.actor, scenario, is_active=True), web)


@router.post("/{scenario}/deactivate", response_model=ScenarioShown)
async def deactivate_scenario(
    caller: Manager, scenarios: TheScenarios, web: TheSettings, scenario: Ref
) -> Any:
    """Its trigger starts no more runs; those under way go on."""
    return scenario_view(await scenarios.set_active(caller.actor, scenario, is_active=False), web)


@router.post("/{scenario}/duplicate", status_code=201, response_model=ScenarioShown)
async def duplicate_scenario(
    *,
    caller: Manager,
    scenarios: TheScenarios,
    web: TheSettings,
    scenario: Ref,
    given: DuplicateGiven,
    response: Response,
) -> Any:
    """The same once more, under another name; the copy is off."""
    return _created(response, await scenarios.duplicate(caller.actor, scenario, given.name), web)


@router.post("/{scenario}/new-webhook-url", response_model=ScenarioShown)
async def replace_webhook_url(
    caller: Manager, scenarios: TheScenarios, web: TheSettings, scenario: Ref
) -> Any:
    """Another address for its webhook; the old one ends at once."""
    return scenario_view(await scenarios.rotate_hook(caller.actor, scenario), web)


def _created(response: Response, made: KeptScenario, web: ServerSettings) -> dict[str, Any]:
    response.headers["Location"] = f"{API_PREFIX}/scenarios/{made.id}"
    tag(response, made.version)
    return scenario_view(made, web)
