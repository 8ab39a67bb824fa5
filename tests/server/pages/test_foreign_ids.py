"""Every page that takes an id, found by itself: what belongs to others does not exist there."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import walk_packages

import pytest
from starlette.routing import Route

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.context import fingerprint
from grantline.connections.credentials.credential import Kind
from grantline.connections.manage import NewConnection
from grantline.connections.requests.saved_requests import NewRequest
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.scenarios.definition.modules import Module, Sleep
from grantline.scenarios.definition.scenario import Scenario
from grantline.server import pages
from grantline.store.records.people import ApiKey
from tests.connections.credential_values import new_credential
from tests.server.conftest import Site
from tests.server.run_rows import Step, keep_run

OTHERS = Actor(workspace="elsewhere", user="somebody")
# A page that is added later is tried as well.
MODULES = [
    import_module(found.name) for found in walk_packages(pages.__path__, f"{pages.__name__}.")
]
# Once each: a module's list may hold that of another.
WITH_ID = list(
    dict.fromkeys(
        (method, route.path)
        for module in MODULES
        for route in getattr(module, "ROUTES", ())
        if isinstance(route, Route) and "{" in route.path
        for method in sorted((route.methods or set()) - {"HEAD"})
    )
)
PART = re.compile(r"\{(\w+)(?::\w+)?\}")
# What names nothing of a workspace by itself: only with the id before it.
BESIDE = {"number": "1", "what": "delete", "name": "theirs", "path": "1"}
UNKNOWN = {
    "id": "con_01m84000000000000000000000",
    "credential_id": "crd_01m84000000000000000000000",
    "run_id": "run_01m84000000000000000000000",
    "request_id": "req_01m84000000000000000000000",
    "scenario_id": "scn_01m84000000000000000000000",
    "scenario_run_id": "srn_01m84000000000000000000000",
    "key_id": "key_01m84000000000000000000000",
    "key": "a-file-of-nobody",
    "name": "a-service-of-nobody",
}


async def rows_of_others(site: Site) -> dict[str, str]:
    """The id of one row of each kind, in a workspace that is not the owner's."""
    engine = site.world.engine
    context = engine.context
    new = NewConnection(
        name="theirs",
        flow=FlowType.CLIENT_CREDENTIALS,
        settings=AppSettings(client_id="theirs", token_uri=site.world.server.token_uri),
    )
    spec = RequestSpec(url=f"{site.world.server.issuer}/nothing")
    saved = await engine.requests.create(OTHERS, NewRequest(name="theirs", spec=spec))
    kept = await engine.credentials.create(OTHERS, new_credential(Kind.KEY, name="theirs"))
    module = Module(id=1, does=Sleep())
    scenario = await site.scenarios.create(OTHERS, Scenario(name="theirs", modules=(module,)))
    run = await keep_run(context, scenario.scenario, [Step(path="1")], actor=OTHERS)
    made = await engine.make_request(OTHERS, spec)
    assert made.run is not None
    key = ApiKey(
        id=context.new_id("key"),
        workspace=OTHERS.workspace,
        owner=OTHERS.user,
        name="theirs",
        key_hash=fingerprint("theirs"),
        scope="use",
        created_at=context.clock.now(),
    )
    context.store.add_api_key(key, context.event(OTHERS, "api_key.created", key.id))
    return {
        "id": (await engine.manage.create(OTHERS, new)).id,
        "credential_id": kept.id,
        "run_id": made.run.id,
        "request_id": saved.id,
        "scenario_id": scenario.id,
        "scenario_run_id": run.id,
        "key_id": key.id,
        "key": "a-file-of-somebody",
        "name": "a-service-of-nobody",
    }


@pytest.mark.parametrize(("method", "path"), WITH_ID)
async def test_a_foreign_id_is_answered_like_an_unknown_one(
    site: Site, method: str, path: str
) -> None:
    theirs = await rows_of_others(site)
    name = PART.findall(path)[0]
    ask = site.get if method == "GET" else site.post

    foreign = await ask(PART.sub(lambda part: {**BESIDE, name: theirs[name]}[part[1]], path))
    unknown = await ask(PART.sub(lambda part: {**BESIDE, name: UNKNOWN[name]}[part[1]], path))

    assert foreign.status_code == unknown.status_code == 404
    assert foreign.text.replace(theirs[name], "ID") == unknown.text.replace(UNKNOWN[name], "ID")
