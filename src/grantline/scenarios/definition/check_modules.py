"""What each kind of module must have before it can run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from grantline.calls.expressions import ExpressionFailed
from grantline.calls.expressions.template import template_of
from grantline.calls.headers import check_headers, check_method
from grantline.calls.pagination import check_pagination
from grantline.calls.statuses import parse_statuses
from grantline.errors import EgressBlocked, InvalidInput
from grantline.scenarios.definition.modules import (
    Action,
    Aggregate,
    Body,
    BodyKind,
    Collect,
    DownloadFile,
    HttpCall,
    Iterate,
    MakeRequest,
    Module,
    ResolveUrl,
    Respond,
    RetrieveHeaders,
    Router,
    SetVariables,
    Sleep,
)
from grantline.scenarios.definition.plain_call import BODY_KEYS
from grantline.scenarios.definition.problem import PlainPath
from grantline.scenarios.definition.reading import Fault
from grantline.scenarios.definition.scope import Scene
from grantline.scenarios.definition.spans import parse_span
from grantline.url import parse_url

MOST_BRANCHES: Final = 50
MOST_ATTEMPTS: Final = 100
_BODILESS: Final = ("GET", "HEAD")
_RESPOND_BODIES: Final = (BodyKind.NONE, BodyKind.JSON, BodyKind.FORM, BodyKind.RAW)
_ITEMS_HINT: Final = "Write one expression that gives a list: {{ 1.data.items }}."


def module_faults(scene: Scene) -> Iterator[Fault]:
    """What is wrong with the settings of one module, expressions aside."""
    module, path = scene.module, (*scene.path, scene.module.does.kind)
    does = module.does
    match does:
        case MakeRequest() | DownloadFile() | RetrieveHeaders():
            yield from _call(does.call, path)
        case ResolveUrl():
            yield from _url(does.url, path)
        case Iterate():
            yield from _one_expression(does.items, (*path, "items"), _ITEMS_HINT)
        case Aggregate():
            yield from _aggregate(does, path, scene)
        case Router():
            yield from _router(does, path)
        case SetVariables():
            yield from _variables(does, path)
        case Sleep():
            yield from _sleep(does, path)
        case Respond():
            yield from _respond(does, path)
    yield from _on_error(module, scene.path)


def _call(call: HttpCall, path: PlainPath) -> Iterator[Fault]:
    spec = call.spec
    yield from _url(spec.url, path, has_connection=call.connection_id is not None)
    yield from _tried((*path, "method"), lambda: check_method(spec.method))
    if call.connection_id is not None and call.credentials.credential_id is not None:
        yield Fault(
            (*path, "credential"),
            "There is a connection already, and a request carries one of the two.",
            "Keep the connection or the credential.",
        )
    if call.body.kind is not BodyKind.NONE and spec.method in _BODILESS:
        yield Fault(
            (*path, _body_key(call.body)),
            f"A {spec.method} request has no body.",
            "Choose POST, PUT or PATCH, or remove the body.",
        )
    fixed = tuple(each for each in spec.headers if "{{" not in each[1])
    yield from _tried((*path, "headers"), lambda: check_headers(fixed))
    yield from _parts(call.body, path)
    yield from _sending(call, path)


def _sending(call: HttpCall, path: PlainPath) -> Iterator[Fault]:
    spec = call.spec
    for name in ("timeout", "connect_timeout"):
        span = getattr(spec, name)
        if span is not None and span <= timedelta(0):
            yield Fault((*path, name), f"{name} is no time at all.", "Write a span such as 30 s.")
    yield from _tried((*path, "fail_on"), lambda: parse_statuses(spec.fail_on, field="fail_on"))
    if (retry := spec.retry) is not None:
        here = (*path, "retry")
        yield from _count(retry.attempts, (*here, "attempts"))
        for name in ("within", "longest_wait"):
            if getattr(retry, name) <= timedelta(0):
                yield Fault((*here, name), f"{name} is no time at all.", "Write such as 2 min.")
        statuses = (*here, "statuses")
        yield from _tried(statuses, lambda: parse_statuses(retry.statuses, field="statuses"))
    if (pagination := spec.pagination) is not None:
        yield from _tried((*path, "pagination"), lambda: check_pagination(pagination), below=True)


def _url(url: str, path: PlainPath, *, has_connection: bool = False) -> Iterator[Fault]:
    where = (*path, "url")
    if not url.strip():
        yield Fault(where, "The URL is missing.", "Write the address of the request.")
    elif "{{" not in url and "://" in url:
        yield from _tried(where, lambda: parse_url(url))
    elif not has_connection and "://" not in url and not url.lstrip().startswith("{{"):
        yield Fault(
            where,
            "The URL is relative, and there is no connection that has a base URL.",
            "Write the whole URL, beginning with https://, or choose a connection.",
        )


def _parts(body: Body, path: PlainPath) -> Iterator[Fault]:
    for index, part in enumerate(body.parts):
        if not part.name:
            yield Fault((*path, "multipart", index), "The part has no name.", "Give it one.")
    if body.kind is BodyKind.FILE:
        hint = "Write one expression that gives a file: {{ 1.file }}."
        yield from _one_expression(body.text, (*path, "file"), hint)


def _aggregate(does: Aggregate, path: PlainPath, scene: Scene) -> Iterator[Fault]:
    if does.source not in scene.list_loops:
        where = (*path, "source")
        if does.source in scene.loops:
            yield Fault(
                where,
                f"The loop of iterator {does.source} is around the branch that this module is in.",
                "Put the aggregator behind the router, or the iterator into the branch.",
            )
        else:
            opened = ", ".join(map(str, scene.list_loops))
            hint = f"Iterators that are open here: {opened}." if opened else ""
            yield Fault(
                where,
                f"Module {does.source} is no iterator whose loop is open here.",
                hint or "Put an iterator before the aggregator, in the same list.",
            )
    if does.collect is Collect.CSV:
        if not does.columns:
            yield Fault((*path, "columns"), "The columns are missing.", "Add one at least.")
    elif does.value is None or does.value == "":
        yield Fault(
            (*path, "value"),
            "What each item adds is missing.",
            f"Write it, such as {{{{ {does.source}.value }}}}.",
        )


def _router(does: Router, path: PlainPath) -> Iterator[Fault]:
    if not does.branches:
        yield Fault((*path, "branches"), "The router has no branches.", "Add one at least.")
    if len(does.branches) > MOST_BRANCHES:
        yield Fault(
            (*path, "branches"),
            f"The router has more than {MOST_BRANCHES} branches.",
            "Put some of them into another router.",
        )
    fallbacks = [index for index, each in enumerate(does.branches) if each.is_fallback]
    for index in fallbacks[1:]:
        yield Fault(
            (*path, "branches", index, "fallback"),
            f"Branch {fallbacks[0] + 1} is the fallback already.",
            "A router has one fallback.",
        )
    for index in fallbacks:
        if does.branches[index].when.strip():
            yield Fault(
                (*path, "branches", index, "when"),
                "A fallback has no condition: it goes when no other branch did.",
                "Remove the condition, or the fallback.",
            )


def _variables(does: SetVariables, path: PlainPath) -> Iterator[Fault]:
    for name, _ in does.variables:
        if not name.isidentifier():
            yield Fault(
                (*path, name),
                f"“{name}” cannot be written as vars.NAME.",
                "Use letters, digits and _, and begin with a letter.",
            )


def _sleep(does: Sleep, path: PlainPath) -> Iterator[Fault]:
    if "{{" not in does.span:
        yield from _tried((*path, "span"), lambda: parse_span(does.span, field="span"))


def _respond(does: Respond, path: PlainPath) -> Iterator[Fault]:
    status = does.status.strip()
    is_status = status.isascii() and status.isdecimal() and len(status) == 3
    if "{{" not in status and not (is_status and 200 <= int(status) <= 599):
        yield Fault((*path, "status"), "The status is none of 200 to 599.", "Such as 200 or 404.")
    if does.body.kind not in _RESPOND_BODIES:
        yield Fault(
            (*path, _body_key(does.body)),
            "An answer to a webhook is JSON, a form or a text.",
            "Choose one of these.",
        )


def _on_error(module: Module, path: PlainPath) -> Iterator[Fault]:
    handler = module.on_error
    here = (*path, "on_error")
    if handler.action is Action.RETRY_LATER:
        yield from _count(handler.attempts, (*here, "attempts"))
        if handler.after <= timedelta(0):
            yield Fault((*here, "after"), "after is no time at all.", "Write such as 10 min.")
    if handler.action is Action.FALLBACK and not isinstance(handler.fallback, dict | str):
        yield Fault(
            (*here, "fallback"),
            "The bundle to go on with is missing.",
            "Write a table with what later modules use.",
        )


def _one_expression(text: str, path: PlainPath, hint: str) -> Iterator[Fault]:
    """A fault unless ``text`` is one expression; what is wrong within it is told elsewhere."""
    try:
        only = template_of(text).only
    except ExpressionFailed:
        return
    if only is None:
        yield Fault(path, f"{path[-1]} is one expression and nothing else.", hint)


def _count(number: int, path: PlainPath) -> Iterator[Fault]:
    if not 1 <= number <= MOST_ATTEMPTS:
        yield Fault(path, f"{path[-1]} is not between 1 and {MOST_ATTEMPTS}.", "Such as 3.")


def _tried(path: PlainPath, check: Callable[[], object], *, below: bool = False) -> Iterator[Fault]:
    """What ``check`` refuses, at ``path``, or at the field below it that the refusal names."""
    try:
        check()
    except InvalidInput as error:
        yield Fault((*path, error.field) if below else path, error.message, error.hint)
    except EgressBlocked as error:
        yield Fault(path, error.message, error.hint)


def _body_key(body: Body) -> str:
    return next((key for key, kind in BODY_KEYS.items() if kind is body.kind), "")
