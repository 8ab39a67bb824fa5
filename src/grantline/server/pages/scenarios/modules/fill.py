"""Forms filled from modules; what is filled in and sent back unchanged means the same module."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grantline.connections.credentials.credential import Kind
from grantline.scenarios.definition.modules import (
    Aggregate,
    Body,
    BodyKind,
    Branch,
    Does,
    DownloadFile,
    HttpCall,
    Iterate,
    Module,
    ResolveUrl,
    Respond,
    Router,
    SetVariables,
    Sleep,
)
from grantline.scenarios.definition.spans import span_words
from grantline.server.pages.requests.fill import with_credentials
from grantline.server.pages.requests.form import Authentication, BodyType, FormPart, RequestForm
from grantline.server.pages.requests.settings import RequestSettings
from grantline.server.pages.scenarios.modules.form import (
    BranchRow,
    ModuleForm,
    ValueRow,
    value_row,
)
from grantline.server.pages.scenarios.modules.mapped_json import json_text


def empty_form(kind: str, *, place: str, version: int, source: int | None = None) -> ModuleForm:
    """The form of a module that is not there yet.

    Args:
        kind: What it does.
        place: Where it goes.
        version: Of the scenario.
        source: The iterator that a new aggregator collects from.
    """
    form = ModuleForm(kind=kind, place=place, version=version)
    if kind == Router.kind:
        rows = (BranchRow(name="", goes="when"), BranchRow(goes="otherwise"))
        return replace(form, branches=rows)
    return replace(form, source=str(source or ""))


def form_of_module(module: Module, kind: Kind | None, *, version: int) -> ModuleForm:
    """The form of a module; ``kind`` is that of the credential it carries, when it is there."""
    on_error = module.on_error
    form = ModuleForm(
        kind=module.does.kind,
        number=module.id,
        version=version,
        name=module.name,
        note=module.note,
        when=module.when,
        is_enabled=module.is_enabled,
        action=on_error.action.value,
        fallback="" if on_error.fallback is None else json_text(on_error.fallback),
        after=span_words(on_error.after),
        attempts=str(on_error.attempts),
    )
    if module.call is not None:
        form = _with_call(form, module.call, kind)
    return _own(form, module.does)


def _own(form: ModuleForm, does: Does) -> ModuleForm:
    """``form`` with what only this kind of module has."""
    own: dict[str, Any] = {}
    match does:
        case DownloadFile():
            own = {"folder": does.folder, "file_name": does.name, "overwrite": does.overwrite}
        case ResolveUrl():
            own = {"call": replace(form.call, url=does.url)}
        case Iterate():
            own = {"items": does.items}
        case Aggregate():
            own = _own_of_aggregate(does)
        case Router():
            own = {"branches": tuple(_row(*each) for each in enumerate(does.branches, 1))}
        case SetVariables():
            own = {"variables": tuple(value_row(*each) for each in does.variables)}
        case Sleep():
            own = {"span": does.span}
        case Respond():
            call = _with_body(replace(form.call, headers=does.headers), does.body)
            own = {"status": does.status, "call": call}
    return replace(form, **own)


def _own_of_aggregate(does: Aggregate) -> dict[str, Any]:
    return {
        "source": str(does.source or ""),
        "collect": does.collect.value,
        "value": ValueRow() if does.value is None else value_row("", does.value),
        "separator": does.separator,
        "columns": does.columns,
        "header": does.header,
    }


def _row(at: int, branch: Branch) -> BranchRow:
    goes = "otherwise" if branch.is_fallback else "when"
    return BranchRow(str(at), branch.name, goes, branch.when)


def _with_call(form: ModuleForm, call: HttpCall, kind: Kind | None) -> ModuleForm:
    spec = call.spec
    request = RequestForm(
        method=spec.method,
        url=spec.url,
        query=spec.query,
        headers=spec.headers,
        settings=RequestSettings.of(spec),
    )
    request = with_credentials(request, call.credentials, kind)
    beside = ""
    if call.connection_id is not None:
        beside = call.credentials.credential_id or ""
        request = replace(
            request, authentication=Authentication.OAUTH, connection_id=call.connection_id
        )
    return replace(
        form,
        call=_with_body(request, call.body),
        share_cookies=call.share_cookies,
        beside=beside,
    )


def _with_body(request: RequestForm, body: Body) -> RequestForm:
    request = replace(request, body=BodyType(body.kind.value))
    match body.kind:
        case BodyKind.JSON:
            return replace(request, json_text=json_text(body.json))
        case BodyKind.FORM:
            return replace(request, fields=body.fields)
        case BodyKind.MULTIPART:
            parts = (
                FormPart(
                    name=each.name,
                    text=each.value,
                    filename=each.filename,
                    media_type=each.media_type or None,
                )
                for each in body.parts
            )
            return replace(request, parts=tuple(parts))
        case BodyKind.RAW:
            return replace(request, raw_text=body.text, raw_type=body.media_type)
        case BodyKind.FILE:
            return replace(request, file_name=body.text, file_type=body.media_type)
        case BodyKind.NONE:
            return request
