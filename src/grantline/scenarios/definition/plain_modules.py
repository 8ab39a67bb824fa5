"""Modules in plain form: the key that holds a module's settings says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final, cast

from grantline.scenarios.definition.modules import (
    KINDS,
    Body,
    Branch,
    Does,
    DownloadFile,
    MakeRequest,
    Module,
    OnError,
    Respond,
    RetrieveHeaders,
    Router,
    SetVariables,
    Sleep,
)
from grantline.scenarios.definition.plain_call import (
    RESPOND_BODIES,
    body_from_plain,
    body_to_plain,
    call_from_plain,
    call_to_plain,
)
from grantline.scenarios.definition.problem import did_you_mean
from grantline.scenarios.definition.reading import DEEPEST, Place
from grantline.scenarios.definition.tables import (
    key_of,
    pairs_from_plain,
    pairs_to_plain,
    read_table,
    to_table,
)

_OWN_FIELDS: Final = ("id", "name", "note", "when", "is_enabled")
_OWN_KEYS: Final = (*(key_of(each) for each in _OWN_FIELDS), "on_error")
_BODY_KEYS: Final = (*RESPOND_BODIES, "media_type")


def modules_to_plain(modules: Sequence[Module]) -> list[dict[str, Any]]:
    """Modules as tables, in order."""
    return [module_to_plain(each) for each in modules]


def module_to_plain(module: Module) -> dict[str, Any]:
    """The table of one module."""
    table = to_table(module, skip=("does", "on_error"))
    table[module.does.kind] = does_to_plain(module.does)
    if module.on_error != OnError():
        table["on_error"] = to_table(module.on_error, always=("action",))
    return table


def does_to_plain(does: Does) -> dict[str, Any]:
    """The settings of a module."""
    match does:
        case MakeRequest() | RetrieveHeaders():
            return call_to_plain(does.call)
        case DownloadFile():
            return {**call_to_plain(does.call), **to_table(does, skip=("call",))}
        case Router():
            return {
                "branches": [
                    {
                        **to_table(each, skip=("modules",)),
                        "modules": modules_to_plain(each.modules),
                    }
                    for each in does.branches
                ]
            }
        case SetVariables():
            return cast("dict[str, Any]", pairs_to_plain(does.variables))
        case Respond():
            status = int(does.status) if _is_number(does.status) else does.status
            table = to_table(does, always=("status",), skip=("body",))
            return {**table, "status": status, **body_to_plain(does.body)}
        case Sleep():
            return to_table(does, always=("span",))
        case _:
            return to_table(does)


def modules_from_plain(place: Place) -> tuple[Module, ...]:
    """The modules of a list."""
    if len(place.path) > DEEPEST:
        place.wrong("Routers stand in routers too deeply.", "Use fewer levels of branches.")
        return ()
    return tuple(module_from_plain(each) for each in place.items())


def module_from_plain(place: Place) -> Module:
    """The module of one table."""
    table = place.table()
    known = [name for name in table if name in KINDS]
    strange = [name for name in table if name not in KINDS and name not in _OWN_KEYS]
    words = [*KINDS, *_OWN_KEYS] if known else list(KINDS)
    for name in strange:
        table[name].wrong(f"{name} is not known here.", did_you_mean(name, words))
    for name in known[1:]:
        table[name].wrong(
            f"A module is one thing, and this is {known[0]} and {name}.",
            "Write them as two modules.",
        )
    if isinstance(place.value, dict) and not known and not strange:
        place.wrong("What the module does is missing.", f"Add one of: {', '.join(KINDS)}.")
    does = does_from_plain(table[known[0]], known[0]) if known else SetVariables()
    on_error = read_table(table["on_error"], OnError) if "on_error" in table else OnError()
    own = {name: value for name, value in _own(place).items() if name in _OWN_KEYS}
    return read_table(
        Place(own, place.path, place.faults) if isinstance(place.value, dict) else _empty(place),
        Module,
        also=("on_error",),
        skip=("does", "on_error"),
        given={"does": does, "on_error": on_error},
    )


def does_from_plain(place: Place, kind: str) -> Does:
    """What a module of ``kind`` does."""
    match kind:
        case "make_request":
            return MakeRequest(call=call_from_plain(place))
        case "retrieve_headers":
            return RetrieveHeaders(call=call_from_plain(place))
        case "download_file":
            return _download(place)
        case "router":
            return _router(place)
        case "set_variables":
            return SetVariables(variables=pairs_from_plain(place, Any))
        case "respond":
            return _respond(place)
        case _:
            return read_table(place, KINDS[kind])


def _download(place: Place) -> DownloadFile:
    own = [key_of(each.name) for each in fields(DownloadFile) if each.name != "call"]
    call = call_from_plain(place, also=tuple(own))
    return cast("DownloadFile", _rest(place, DownloadFile, own, {"call": call}))


def _router(place: Place) -> Router:
    table = place.table(("branches",))
    if "branches" not in table:
        if isinstance(place.value, dict):
            place.wrong("branches is missing in router.", "Add the branches.")
        return Router()
    return Router(branches=tuple(_branch(each) for each in table["branches"].items()))


def _branch(place: Place) -> Branch:
    table = place.table() if isinstance(place.value, dict) else {}
    modules = modules_from_plain(table["modules"]) if "modules" in table else ()
    given = {"modules": modules}
    return read_table(place, Branch, also=("modules",), skip=("modules",), given=given)


def _respond(place: Place) -> Respond:
    own = [key_of(each.name) for each in fields(Respond) if each.name != "body"]
    table = place.table((*own, *_BODY_KEYS))
    body: Body = body_from_plain({key: table[key] for key in _BODY_KEYS if key in table})
    return cast("Respond", _rest(place, Respond, own, {"body": body}))


def _rest(place: Place, kind: type[Does], own: Sequence[str], given: dict[str, Any]) -> Does:
    """The fields of ``own``; the others were read, and what is unknown was told."""
    values = {name: each for name, each in _own(place).items() if name in own}
    return read_table(Place(values, place.path, place.faults), kind, skip=tuple(given), given=given)


def _own(place: Place) -> dict[str, Any]:
    return place.value if isinstance(place.value, dict) else {}


def _empty(place: Place) -> Place:
    """A stand-in for what is no table, and was told already; its own faults go nowhere."""
    return Place({"id": 0}, place.path)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10 and str(int(text)) == text
