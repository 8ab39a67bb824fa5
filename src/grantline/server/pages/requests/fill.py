"""Forms filled from what is there already: a saved request, a run, a pasted cURL command."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

from grantline.calls.bodies.content import FORM_TYPE, JSON_TYPE, Content, form_content
from grantline.calls.bodies.multipart import read_multipart
from grantline.calls.credential import ApiKey, Basic, Bearer
from grantline.calls.curl.command import STDIN, parse_curl
from grantline.calls.request import DEFAULT_HEADERS, RequestSpec
from grantline.connections.credentials.credential import CredentialIds, Kind
from grantline.connections.requests.runs import RunDetail
from grantline.connections.requests.saved_requests import SavedRequest
from grantline.secret import REDACTED, Secret
from grantline.server.pages.requests.form import (
    METHODS,
    Authentication,
    BodyType,
    FormPart,
    RequestForm,
)
from grantline.server.pages.requests.settings import RequestSettings

# How earlier versions kept that no compressed answer is wanted.
NO_COMPRESSION: Final = ("Accept-Encoding", "identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form, and what there is to say about how it was filled."""

    form: RequestForm
    notes: tuple[str, ...] = ()


def form_of_saved(saved: SavedRequest, kind: Kind | None = None) -> RequestForm:
    """The form of a saved request; ``kind`` is that of its key or password, when it is there."""
    form = form_of_spec(saved.spec, body=str(saved.form.get("body", "")))
    form = with_credentials(form, saved.credentials, kind)
    if saved.connection_id is not None:
        form = replace(form, authentication=Authentication.OAUTH, connection_id=saved.connection_id)
    return replace(
        form,
        request_id=saved.id,
        version=saved.version,
        name=saved.name,
        file_name=str(saved.form.get("file_name", "")),
        settings=_settings(saved),
    )


def form_of_run(detail: RunDetail, kind: Kind | None = None) -> Filled:
    """The form of a request that was made; what was masked has to be typed again.

    ``kind`` is that of the key or password that it carried, as in ``form_of_saved``.
    """
    seen, run = detail.request, detail.run
    notes = []
    is_kept = run.connection_id is not None or seen.credentials.credential_id is not None
    headers = tuple(each for each in seen.headers if REDACTED not in each[1])
    if not is_kept and len(headers) < len(seen.headers):
        notes.append("Headers that held a credential were left out: the history never has them.")
    content = None
    if seen.body.truncated or REDACTED.encode() in seen.body.data:
        notes.append("The body was left out: the history has only a part of it.")
    elif seen.body.size:
        content = Content(seen.body.data, seen.body.media_type)
    url = _without_masked(seen.url)
    if url != seen.url and not is_kept:
        notes.append("Query parameters that held a credential were left out.")
    headers = tuple(
        each
        for each in headers
        if each not in DEFAULT_HEADERS
        and not (content is not None and each[0].lower() == "content-type")
    )
    spec = RequestSpec(method=seen.method, url=url, headers=headers, content=content)
    form = replace(form_of_spec(spec), settings=RequestSettings())
    form = with_credentials(form, seen.credentials, kind)
    if run.connection_id is not None:
        form = replace(form, authentication=Authentication.OAUTH, connection_id=run.connection_id)
    return Filled(form=form, notes=tuple(notes))


def form_of_curl(text: str, old: RequestForm) -> Filled:
    """The form of a pasted cURL command, in place of the request that ``old`` holds.

    The name and the connection stay: a credential of the command does not push out a connection.

    Raises:
        InvalidInput: It is no cURL command, or one that cannot be made here.
    """
    found = parse_curl(text)
    notes = list(found.warnings)
    notes += (
        "The command reads standard input; paste the body."
        if path == STDIN
        else f"The command reads the file {path}; choose it, or paste what is in it."
        for path in found.missing
    )
    form = form_of_spec(found.spec)
    form = replace(
        form,
        request_id=old.request_id,
        version=old.version,
        name=old.name,
        settings=replace(
            form.settings,
            parse_response=old.settings.parse_response,
            fail_on_status=old.settings.fail_on_status,
            fail_on=old.settings.fail_on,
        ),
        connection_id=old.connection_id,
    )
    if old.connection is not None and isinstance(found.auth, Bearer | None):
        form = replace(form, authentication=Authentication.OAUTH)
    else:
        match found.auth:
            case Basic(user, password):
                form = replace(
                    form, authentication=Authentication.BASIC, username=user, password=password
                )
            case Bearer(token):
                value = Secret(f"Bearer {token.reveal()}")
                form = replace(
                    form,
                    authentication=Authentication.KEY,
                    key_name="Authorization",
                    key_value=value,
                )
            case ApiKey(name, value):
                form = replace(
                    form, authentication=Authentication.KEY, key_name=name, key_value=value
                )
    return Filled(form=form, notes=tuple(notes))


def form_of_spec(spec: RequestSpec, *, body: str = "") -> RequestForm:
    """The form that means ``spec``; ``body`` is how the body was typed, when that is known."""
    headers = tuple(each for each in spec.headers if each != NO_COMPRESSION)
    if len(headers) < len(spec.headers):
        spec = replace(spec, accept_compressed=False)
    form = RequestForm(
        method=spec.method,
        url=spec.url,
        query=spec.query,
        headers=headers,
        settings=RequestSettings.of(spec),
    )
    return form if spec.content is None else _with_body(form, spec.content, body)


def with_credentials(form: RequestForm, ids: CredentialIds, kind: Kind | None) -> RequestForm:
    """``form`` with credentials chosen; ``kind`` is that of the key or password among them."""
    form = replace(
        form,
        certificate_id=ids.certificate_id or form.certificate_id,
        authority_id=ids.authority_id or form.authority_id,
        proxy_id=ids.proxy_id or form.proxy_id,
    )
    if ids.credential_id is None:
        return form
    if kind is Kind.BASIC:
        return replace(form, authentication=Authentication.BASIC, basic_id=ids.credential_id)
    return replace(form, authentication=Authentication.KEY, key_id=ids.credential_id)


def methods_for(form: RequestForm) -> tuple[str, ...]:
    """The methods to choose from: the usual ones, and the form's own."""
    return METHODS if form.method in METHODS else (*METHODS, form.method)


def _with_body(form: RequestForm, content: Content, typed_as: str) -> RequestForm:
    kind, data = content.media_type, content.data
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = None
    if parts := read_multipart(content):
        rows = tuple(
            FormPart(
                name=each.name,
                is_file=each.filename is not None or _is_binary(each.data),
                text="" if _is_binary(each.data) else each.data.decode(),
                data=each.data if each.filename is not None or _is_binary(each.data) else None,
                filename=each.filename or "",
                media_type=each.media_type,
            )
            for each in parts
        )
        return replace(form, body=BodyType.MULTIPART, parts=rows)
    if text is None or typed_as == BodyType.FILE:
        return replace(form, body=BodyType.FILE, file=data, file_type=kind)
    if typed_as != BodyType.RAW:
        if kind == JSON_TYPE:
            return replace(form, body=BodyType.JSON, json_text=text)
        fields = tuple(parse_qsl(text, keep_blank_values=True))
        if kind == FORM_TYPE and form_content(fields) == content:
            return replace(form, body=BodyType.FORM, fields=fields)
    return replace(form, body=BodyType.RAW, raw_type=kind, raw_text=text)


def _is_binary(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _without_masked(url: str) -> str:
    base, mark, query = url.partition("?")
    kept = "&".join(each for each in query.split("&") if REDACTED not in each)
    return base + mark + kept if kept else base


def _settings(saved: SavedRequest) -> RequestSettings:
    settings, kept = RequestSettings.of(saved.spec), saved.form
    # Earlier versions kept these two beside the request.
    return replace(
        settings,
        parse_response=settings.parse_response and kept.get("parse_response", True) is not False,
        fail_on_status=settings.fail_on_status or kept.get("fail_on_status") is True,
    )
