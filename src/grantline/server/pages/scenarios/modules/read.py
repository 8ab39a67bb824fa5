"""The module that a form means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from grantline.calls.request import RequestSpec
from grantline.errors import InvalidInput
from grantline.scenarios.definition.modules import (
    NO_BODY,
    Aggregate,
    Body,
    BodyKind,
    Branch,
    Collect,
    Does,
    DownloadFile,
    HttpCall,
    Iterate,
    MakeRequest,
    Module,
    Part,
    ResolveUrl,
    Respond,
    RetrieveHeaders,
    Router,
    SetVariables,
    Sleep,
)
from grantline.server.pages.requests.form import Authentication, RequestForm
from grantline.server.pages.scenarios.modules.form import BranchRow, ModuleForm, value_of
from grantline.server.pages.scenarios.modules.mapped_json import read_json


def module_of_form(form: ModuleForm, number: int, old: Module | None) -> Module:
    """The module that is meant.

    Args:
        form: What was typed.
        number: Of the module.
        old: What it was before; a router keeps the modules of its branches.

    Raises:
        InvalidInput: A field is wrong; names its label.
    """
    return Module(
        id=number,
        does=_READERS[form.kind](form, old),
        name=form.name,
        note=form.note,
        when=form.when.strip(),
        is_enabled=form.is_enabled,
        on_error=form.on_error(),
    )


def _router(form: ModuleForm, old: Module | None) -> Router:
    had = old.does.branches if old is not None and isinstance(old.does, Router) else ()
    return Router(branches=tuple(_branch(each, had) for each in form.branches))


def _variables(form: ModuleForm, _old: Module | None) -> SetVariables:
    rows = form.variables
    return SetVariables(variables=tuple((each.name, value_of(each, "Variables")) for each in rows))


def _aggregate(form: ModuleForm, _old: Module | None) -> Aggregate:
    if not form.source.isdecimal():
        raise InvalidInput(
            "No iterator is chosen.",
            field="Iterator",
            hint="An aggregator collects from one that comes before it; add the iterator first.",
        )
    value = value_of(form.value, "Value")
    return Aggregate(
        source=int(form.source),
        collect=Collect(form.collect),
        value=None if value == "" else value,
        separator=form.separator,
        columns=form.columns,
        header=form.header,
    )


def _branch(row: BranchRow, had: Sequence[Branch]) -> Branch:
    at = int(row.at) - 1 if row.at.isdecimal() else -1
    before = had[at] if 0 <= at < len(had) else Branch()
    return replace(
        before, name=row.name, when=row.when.strip(), is_fallback=row.goes == "otherwise"
    )


def _call(form: ModuleForm) -> HttpCall:
    request = form.call
    if request.authentication is Authentication.OAUTH and not request.connection_id:
        raise InvalidInput(
            "No connection is chosen.",
            field="Connection",
            hint="Choose one, create one, or choose “No authentication”.",
        )
    credentials = request.credentials
    if request.authentication in {Authentication.KEY, Authentication.BASIC}:
        if credentials.credential_id is None:
            raise InvalidInput(
                "No credential is chosen.",
                field="Credential",
                hint="Choose one, create one, or choose “No authentication”.",
            )
    elif request.authentication is Authentication.OAUTH and form.beside:
        credentials = replace(credentials, credential_id=form.beside)
    if not all(name for name, _ in request.headers):
        raise InvalidInput(
            "A header has a value and no name.", field="Headers", hint="Name it or remove it."
        )
    spec = RequestSpec(
        method=request.method,
        url=request.url.strip(),
        headers=request.headers,
        query=request.query,
        **request.settings.spec_fields(),
    )
    return HttpCall(
        spec=spec,
        body=_body(request),
        connection_id=request.connection,
        credentials=credentials,
        share_cookies=form.share_cookies,
    )


def _body(request: RequestForm) -> Body:
    kind = BodyKind(request.body.value)
    match kind:
        case BodyKind.JSON:
            if not request.json_text.strip():
                raise InvalidInput(
                    "The JSON body is empty.", field="JSON", hint="Type it, or choose no body."
                )
            return Body(kind=kind, json=read_json(request.json_text, "JSON"))
        case BodyKind.FORM:
            return Body(kind=kind, fields=request.fields)
        case BodyKind.MULTIPART:
            parts = (
                Part(
                    name=each.name,
                    value=each.text,
                    filename=each.filename,
                    media_type=each.media_type or "",
                )
                for each in request.parts
            )
            return Body(kind=kind, parts=tuple(parts))
        case BodyKind.RAW:
            return Body(kind=kind, text=request.raw_text, media_type=request.raw_type)
        case BodyKind.FILE:
            return Body(kind=kind, text=request.file_name.strip(), media_type=request.file_type)
        case BodyKind.NONE:
            return NO_BODY


_READERS: Final[dict[str, Callable[[ModuleForm, Module | None], Does]]] = {
    MakeRequest.kind: lambda form, _: MakeRequest(call=_call(form)),
    RetrieveHeaders.kind: lambda form, _: RetrieveHeaders(call=_call(form)),
    DownloadFile.kind: lambda form, _: DownloadFile(
        call=_call(form), folder=form.folder, name=form.file_name, overwrite=form.overwrite
    ),
    ResolveUrl.kind: lambda form, _: ResolveUrl(url=form.call.url.strip()),
    Iterate.kind: lambda form, _: Iterate(items=form.items.strip()),
    Aggregate.kind: _aggregate,
    Router.kind: _router,
    SetVariables.kind: _variables,
    Sleep.kind: lambda form, _: Sleep(span=form.span.strip()),
    Respond.kind: lambda form, _: Respond(
        status=form.status.strip(), headers=form.call.headers, body=_body(form.call)
    ),
}
