"""What callers write to make a request, as the engine's ``RequestSpec``."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypedDict, TypeVar, cast

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.bodies.content import Content, form_content, json_content
from grantline.calls.bodies.multipart import (
    BINARY_TYPE,
    Part,
    SourcePart,
    file_part,
    multipart_upload,
    text_part,
)
from grantline.calls.bodies.upload import Upload
from grantline.calls.pagination import Pagination
from grantline.calls.query import REPEAT, ArrayStyle
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import parse_statuses
from grantline.codec import from_plain
from grantline.connections.near_names import did_you_mean
from grantline.connections.requests.files import FileSource
from grantline.errors import InvalidInput
from grantline.messages import AddressFamily, TlsVersion

Scalar = str | int | float | bool
Values = Mapping[str, Scalar | Iterable[Scalar] | None] | Iterable[tuple[str, Scalar | None]]

FileGiven = Path | bytes | tuple[str, Path | bytes] | tuple[str, Path | bytes, str]
Files = Mapping[str, FileGiven | list[FileGiven]]

E = TypeVar("E", bound=StrEnum)

PLAIN_TYPE = "application/octet-stream"


class RequestOptions(TypedDict, total=False):
    """The keyword arguments of every request.

    Attributes:
        params: For the query. A list repeats its name, in ``array_style``; None leaves it out.
        array_style: ``repeat``, ``brackets``, ``indexed`` or ``comma``.
        headers: A mapping, or pairs where a name is repeated.
        json: The body, any JSON value.
        data: The body, a form; with ``files`` its other fields.
        files: The body, a form with files: paths, which are read while they are sent, or bytes; as
            ``(filename, file)`` or ``(filename, file, media_type)`` where that must be said. A
            list repeats its name.
        content: The body as it is; name its type in ``headers``.
        compress: Sends the body in gzip coding.
        accept_compressed: Off asks for an answer without content coding.
        timeout: For the whole exchange, in seconds or as a span.
        connect_timeout: For reaching the service, the TLS handshake included.
        minimum_tls: ``1.2`` or ``1.3``.
        address_family: ``any``, ``ipv4`` or ``ipv6``.
        follow_redirects: Off shows the 3xx answer itself. The token never leaves its hosts anyway.
        parse_response: Off leaves ``Response.data`` as it came.
        fail_on: Statuses that raise ``UpstreamError``: numbers, classes such as ``4xx``.
        retry: When to send it again; a number is how often it is sent at most.
    """

    params: Values | None
    array_style: ArrayStyle | str
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None
    json: Any
    data: Values | None
    files: Files | None
    content: bytes | str | None
    compress: bool
    accept_compressed: bool
    timeout: float | timedelta | None
    connect_timeout: float | timedelta | None
    minimum_tls: TlsVersion | str
    address_family: AddressFamily | str
    follow_redirects: bool
    parse_response: bool
    fail_on: Iterable[int | str]
    retry: RetryPolicy | int | None


class PagesOptions(RequestOptions, total=False):
    """The keyword arguments of a request for a list that comes in pages.

    Attributes:
        method: GET unless given.
        pagination: How it comes in pages; fields of ``Pagination`` as a mapping will do. Without,
            what the catalogue knows of the service.
        resume_from: ``ItemsPage.resume`` of an earlier run.
    """

    method: str
    pagination: Pagination | Mapping[str, Any] | None
    resume_from: str


def request_spec(method: str, url: str, options: RequestOptions) -> RequestSpec:
    """The request that ``options`` describe.

    Raises:
        InvalidInput: More than one body, or an option that does not exist.
    """
    unknown = sorted(set(options) - RequestOptions.__annotations__.keys())
    if unknown:
        known = RequestOptions.__annotations__
        raise InvalidInput(
            f"A request has no option {unknown[0]}.",
            field=unknown[0],
            hint=f"{did_you_mean(unknown[0], known)}The options are {', '.join(known)}.",
        )
    headers = options.get("headers") or ()
    retry = options.get("retry")
    return RequestSpec(
        method=method.upper(),
        url=url,
        headers=tuple(headers.items() if isinstance(headers, Mapping) else headers),
        query=_pairs(options.get("params")),
        array_style=_choice(ArrayStyle, options.get("array_style", REPEAT), field="array_style"),
        content=_body(options),
        compress=options.get("compress", False),
        accept_compressed=options.get("accept_compressed", True),
        follow_redirects=options.get("follow_redirects", True),
        timeout=_span(options.get("timeout"), field="timeout"),
        connect_timeout=_span(options.get("connect_timeout"), field="connect_timeout"),
        minimum_tls=_choice(
            TlsVersion, options.get("minimum_tls", TlsVersion.TLS_1_2), field="minimum_tls"
        ),
        address_family=_choice(
            AddressFamily, options.get("address_family", AddressFamily.ANY), field="address_family"
        ),
        parse_response=options.get("parse_response", True),
        fail_on=parse_statuses(map(str, options.get("fail_on", ())), field="fail_on"),
        retry=RetryPolicy(attempts=retry) if isinstance(retry, int) else retry,
    )


def pages_spec(url: str, options: PagesOptions) -> tuple[RequestSpec, str]:
    """The request for a list that ``options`` describe, and from where it goes on.

    Raises:
        InvalidInput: As `request_spec`, or the pagination cannot work.
    """
    rest = dict(options)
    method = rest.pop("method", "GET")
    resume_from = rest.pop("resume_from", "")
    pagination = rest.pop("pagination", None)
    if isinstance(pagination, Mapping):
        pagination = from_plain(Pagination, pagination)
    spec = request_spec(str(method), url, cast("RequestOptions", rest))
    return replace(spec, pagination=cast("Pagination | None", pagination)), str(resume_from)


def upload_of(options: RequestOptions) -> Upload | None:
    """The form with files that ``options`` describe; None when they describe none.

    Raises:
        InvalidInput: A file cannot be read.
    """
    files = options.get("files")
    if not files:
        return None
    texts = [text_part(name, value) for name, value in _pairs(options.get("data"))]
    parts = [
        _file(name, each)
        for name, value in files.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    return multipart_upload([*texts, *parts], boundary=f"grantline-{secrets.token_hex(16)}")


def _file(name: str, value: FileGiven) -> Part | SourcePart:
    filename, file, kind = "", value, BINARY_TYPE
    if isinstance(value, tuple):
        filename, file, *more = value
        kind = more[0] if more else BINARY_TYPE
    if isinstance(file, bytes):
        return file_part(name, file, filename=filename or name, media_type=kind)
    path = Path(cast("Path", file))
    return SourcePart(name, FileSource.open(path), filename or path.name, kind)


def _span(given: float | timedelta | None, *, field: str) -> timedelta | None:
    span = timedelta(seconds=given) if isinstance(given, int | float) else given
    if span is not None and span <= timedelta(0):
        raise InvalidInput(
            f"{field} is a length of time, and {given} is none.",
            field=field,
            hint="Give seconds, such as 10, or a timedelta; None leaves the usual limit.",
        )
    return span


def _choice(kind: type[E], given: str, *, field: str) -> E:
    try:
        return kind(given)
    except ValueError:
        raise InvalidInput(
            f"{given!r} is no value of {field}.",
            field=field,
            hint=f"Use one of: {', '.join(kind)}.",
        ) from None


def _body(options: RequestOptions) -> Content | None:
    # ``json=None`` is the JSON value null, so being there is what counts; the others mean "none".
    given = [
        name
        for name in ("json", "data", "files", "content")
        if name in options and (name == "json" or options.get(name) is not None)
    ]
    if given == ["data", "files"]:
        return None  # one form, which `upload_of` makes
    if len(given) > 1:
        raise InvalidInput(
            f"A request has one body, and {' and '.join(given)} are two.",
            field=given[1],
            hint="Give one of json, data, files and content.",
        )
    match given:
        case ["json"]:
            return json_content(options["json"])
        case ["data"]:
            return form_content(_pairs(options["data"]))
        case ["content"]:
            content = options["content"] or b""
            return Content(content.encode() if isinstance(content, str) else content, PLAIN_TYPE)
        case _:
            return None


def _pairs(values: Values | None) -> tuple[tuple[str, str], ...]:
    if values is None:
        return ()
    given = values.items() if isinstance(values, Mapping) else values
    return tuple((name, _text(each)) for name, value in given for each in _each(value))


def _each(value: Any) -> Iterable[Scalar]:
    if value is None:
        return ()
    return (value,) if isinstance(value, Scalar) else value


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
