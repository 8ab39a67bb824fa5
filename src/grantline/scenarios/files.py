"""Scenarios in files: what a file names is looked up here, and what is written names it.

A file keeps ids, so that it comes back unchanged, and beside them the names that they had: an
installation that does not know an id takes what has the name.
"""

from __future__ import annotations

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.yaml_file import ScenarioFile, read_file, write_yaml
from grantline.scenarios.references import at_home, names_of, with_ids, with_known_ids
from grantline.store.records.scenarios import ScenarioUse, UseKind


async def scenario_from_file(context: Context, actor: Actor, text: str) -> Scenario:
    """The scenario that a file describes, referring to what is in the actor's workspace.

    What neither the id nor the name of is known stays as it is, and is a problem of the scenario.

    Raises:
        MalformedFile: It cannot be read; names line, module and field.
        InvalidInput: It names a connection or credential, without an id, that is not there.
    """
    return await with_ids(context, actor, await adopted(context, actor, read_file(text)))


async def adopted(context: Context, actor: Actor, file: ScenarioFile) -> Scenario:
    """The same of a file that was read; names that nothing has stay as well."""
    names = {
        ScenarioUse(kind, used_id): name
        for kind, table in (
            (UseKind.CONNECTION, file.connections),
            (UseKind.CREDENTIAL, file.credentials),
        )
        for used_id, name in table.items()
    }
    return await with_known_ids(context, actor, await at_home(context, actor, file.scenario, names))


async def scenario_to_file(context: Context, actor: Actor, scenario: Scenario) -> str:
    """``scenario`` as the text of a file.

    Raises:
        InvalidInput: It holds what no file can hold.
    """
    names = sorted((await names_of(context, actor, scenario)).items())
    tables = {
        kind: {use.used_id: name for use, name in names if use.kind is kind} for kind in UseKind
    }
    return write_yaml(
        scenario,
        connections=tables[UseKind.CONNECTION],
        credentials=tables[UseKind.CREDENTIAL],
    )
