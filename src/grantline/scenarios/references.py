"""What a scenario refers to: connections and credentials, by id in what is kept.

Files may name them instead, because a name is what people know and what is the same elsewhere; a
name becomes an id when the scenario is kept or run, and a change of name changes nothing then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials.credential import (
    ID_PREFIX,
    PLACES,
    CredentialIds,
    Kind,
)
from grantline.connections.requests.references import credential_record
from grantline.errors import AppNotFound, ConnectionNotFound, NotFound
from grantline.scenarios.definition.modules import HttpCall, Module, Router
from grantline.scenarios.definition.plain import malformed, problem_at, scenario_to_plain
from grantline.scenarios.definition.problem import PlainPath, Problem
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Webhook
from grantline.store.records.scenarios import ScenarioUse, UseKind

_PREFIXES: Final = {UseKind.CONNECTION: "con_", UseKind.CREDENTIAL: ID_PREFIX}
_CREDENTIALS: Final = tuple(each.name for each in fields(CredentialIds))
_Ids = Mapping[ScenarioUse, str]


@dataclass(frozen=True, slots=True)
class Reference:
    """One place of a scenario that names something.

    Attributes:
        path: From the top of its plain form.
        use: What is named; its id, or its name in what a person wrote.
    """

    path: PlainPath
    use: ScenarioUse

    @property
    def is_id(self) -> bool:
        """Whether it is an id already."""
        return self.use.used_id.startswith(_PREFIXES[self.use.kind])


def references_in(scenario: Scenario) -> Iterator[Reference]:
    """Everything that ``scenario`` refers to, in the order of the page."""
    trigger = scenario.trigger
    if isinstance(trigger, Webhook) and trigger.signature is not None:
        used = ScenarioUse(UseKind.CREDENTIAL, trigger.signature.credential_id)
        yield Reference(("trigger", "webhook", "signature", "credential"), used)
    for path, module in _places(scenario.modules, ()):
        if (call := module.call) is None:
            continue
        here = (*path, module.does.kind)
        if call.connection_id:
            used = ScenarioUse(UseKind.CONNECTION, call.connection_id)
            yield Reference((*here, "connection"), used)
        for name in _CREDENTIALS:
            if held := getattr(call.credentials, name):
                used = ScenarioUse(UseKind.CREDENTIAL, held)
                yield Reference((*here, name.removesuffix("_id")), used)


def uses_of(scenario: Scenario) -> frozenset[ScenarioUse]:
    """The same without the places."""
    return frozenset(each.use for each in references_in(scenario))


async def with_ids(context: Context, actor: Actor, scenario: Scenario) -> Scenario:
    """``scenario`` with ids for the names in it.

    Raises:
        InvalidInput: Nothing in the actor's workspace has one of the names; says where it stands.
    """
    settled = await with_known_ids(context, actor, scenario)
    if lost := [each for each in references_in(settled) if not each.is_id]:
        raise malformed(_problems(settled, lost))
    return settled


async def with_known_ids(context: Context, actor: Actor, scenario: Scenario) -> Scenario:
    """The same, with names that nothing has left as they are."""
    found: dict[ScenarioUse, str] = {}
    for use in {each.use for each in references_in(scenario) if not each.is_id}:
        if (used_id := await _id_of(context, actor, use)) is not None:
            found[use] = used_id
    return replaced(scenario, found) if found else scenario


async def at_home(
    context: Context, actor: Actor, scenario: Scenario, names: Mapping[ScenarioUse, str]
) -> Scenario:
    """``scenario`` from elsewhere: ids that are not known here give way to those of their names.

    Args:
        context: Of the engine.
        actor: In whose workspace.
        scenario: With ids of where it was written.
        names: What those ids were called there.
    """
    there = await _known(context, actor, uses_of(scenario))
    found: dict[ScenarioUse, str] = {}
    for use in uses_of(scenario) - there:
        if name := names.get(use):
            used_id = await _id_of(context, actor, ScenarioUse(use.kind, name))
            if used_id is not None:
                found[use] = used_id
    return replaced(scenario, found) if found else scenario


async def names_of(context: Context, actor: Actor, scenario: Scenario) -> dict[ScenarioUse, str]:
    """What the connections and credentials that ``scenario`` refers to are called."""
    return await _names(context, actor, uses_of(scenario))


async def lost_references(
    context: Context, actor: Actor, scenario: Scenario
) -> tuple[Problem, ...]:
    """A problem for each reference that does not hold.

    What it names is not in the actor's workspace, or is a credential of a kind not wanted there.
    """
    known = await _known(context, actor, uses_of(scenario))
    references = list(references_in(scenario))
    lost = _problems(scenario, [each for each in references if each.use not in known])
    return (*lost, *await _misplaced(context, actor, scenario, known))


async def _misplaced(
    context: Context, actor: Actor, scenario: Scenario, known: frozenset[ScenarioUse]
) -> tuple[Problem, ...]:
    kinds = {
        each: Kind((await credential_record(context, actor, each.used_id)).kind)
        for each in known
        if each.kind is UseKind.CREDENTIAL
    }
    found = []
    plain = scenario_to_plain(scenario) if kinds else {}
    for each in references_in(scenario):
        kind, place = kinds.get(each.use), each.path[-1]
        # The secret that signs webhooks is a key, and nothing but a key.
        wanted = (Kind.KEY,) if each.path[0] == "trigger" else PLACES.get(f"{place}_id", ())
        if kind is not None and kind not in wanted:
            found.append(
                problem_at(
                    plain,
                    each.path,
                    f"This credential is not what is wanted here. It is: {kind.label}.",
                    f"Wanted: {' or '.join(one.label for one in wanted)}.",
                )
            )
    return tuple(found)


async def _names(
    context: Context, actor: Actor, uses: Collection[ScenarioUse]
) -> dict[ScenarioUse, str]:
    store = context.store
    found: dict[ScenarioUse, str] = {}
    for kind, names in (
        (UseKind.CONNECTION, store.connection_names),
        (UseKind.CREDENTIAL, store.credential_names),
    ):
        if ids := [each.used_id for each in uses if each.kind is kind]:
            named = await context.stored(names, actor.workspace, ids)
            found |= {ScenarioUse(kind, used_id): name for used_id, name in named.items()}
    return found


async def _known(
    context: Context, actor: Actor, uses: Collection[ScenarioUse]
) -> frozenset[ScenarioUse]:
    return frozenset(await _names(context, actor, uses))


async def _id_of(context: Context, actor: Actor, use: ScenarioUse) -> str | None:
    store = context.store
    try:
        if use.kind is UseKind.CONNECTION:
            connection = await context.stored(store.find_connection, actor.workspace, use.used_id)
            return connection.id
        credential = await context.stored(store.find_credential, actor.workspace, use.used_id)
        return credential.id
    except (ConnectionNotFound, AppNotFound, NotFound):
        return None


def _problems(scenario: Scenario, lost: list[Reference]) -> tuple[Problem, ...]:
    plain: Any = scenario_to_plain(scenario) if lost else {}
    return tuple(
        problem_at(
            plain,
            each.path,
            f"There is no {each.use.kind} “{each.use.used_id}”.",
            "Choose another one, or leave it out.",
        )
        for each in lost
    )


def _places(modules: tuple[Module, ...], path: PlainPath) -> Iterator[tuple[PlainPath, Module]]:
    for index, module in enumerate(modules):
        here = (*path, "modules", index)
        yield here, module
        if isinstance(module.does, Router):
            for number, branch in enumerate(module.does.branches):
                yield from _places(branch.modules, (*here, module.does.kind, "branches", number))


def replaced(scenario: Scenario, ids: _Ids) -> Scenario:
    """``scenario`` with other ids, or names, for what it refers to."""
    trigger = scenario.trigger
    if isinstance(trigger, Webhook) and trigger.signature is not None:
        held = trigger.signature.credential_id
        held = ids.get(ScenarioUse(UseKind.CREDENTIAL, held), held)
        trigger = replace(trigger, signature=replace(trigger.signature, credential_id=held))
    return replace(scenario, trigger=trigger, modules=_modules(scenario.modules, ids))


def _modules(modules: tuple[Module, ...], ids: _Ids) -> tuple[Module, ...]:
    return tuple(_module(each, ids) for each in modules)


def _module(module: Module, ids: _Ids) -> Module:
    does = module.does
    if isinstance(does, Router):
        branches = tuple(
            replace(each, modules=_modules(each.modules, ids)) for each in does.branches
        )
        return replace(module, does=replace(does, branches=branches))
    if (call := module.call) is None:
        return module
    # Whatever has a request has a field of this name (``Module.call``).
    changed: Any = {"call": _call(call, ids)}
    return replace(module, does=replace(does, **changed))


def _call(call: HttpCall, ids: _Ids) -> HttpCall:
    held = call.connection_id
    if held is not None:
        held = ids.get(ScenarioUse(UseKind.CONNECTION, held), held)
    credentials = {
        name: ids.get(ScenarioUse(UseKind.CREDENTIAL, value), value)
        for name in _CREDENTIALS
        if (value := getattr(call.credentials, name)) is not None
    }
    return replace(call, connection_id=held, credentials=CredentialIds(**credentials))
