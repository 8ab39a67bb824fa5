"""A request as code to keep: our Python library, and our command line for a POSIX shell."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterator
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl

from grantline.calls.attempts.retry import IDEMPOTENT
from grantline.calls.bodies.content import (
    FORM_TYPE,
    JSON_TYPE,
    Content,
    form_content,
    json_content,
    json_text_content,
)
from grantline.calls.curl.export import CommandLine, inline_text
from grantline.calls.pagination import Pagination
from grantline.calls.query import REPEAT, Pairs, encode_query
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import ERROR_STATUSES
from grantline.codec import to_plain
from grantline.errors import InvalidInput
from grantline.messages import AddressFamily, Headers, TlsVersion, first_value

# What the library and the command line send for bytes and for text of which nobody says the type.
LIBRARY_TYPE: Final = "application/octet-stream"
TEXT_TYPE: Final = "text/plain; charset=utf-8"

_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
# Python compiles deeper literals than people read.
_MAX_DEPTH: Final = 20
_WIDTH: Final = 88


def to_python(spec: RequestSpec, connection_name: str, *, credential_name: str = "") -> str:
    """A program that makes the request with our library and prints the answer.

    It does so with the connection of this name, or else with the credential.

    A body that is no JSON and no form stands in it as text or bytes.
    """
    named = spec.method in _METHODS
    caller = "connection" if connection_name else "credential"
    get = f"get({connection_name!r})" if connection_name else f"credential({credential_name!r})"
    call = f"{caller}.{spec.method.lower()}" if named else f"{caller}.request"
    arguments = [] if named else [repr(spec.method)]
    arguments += [repr(spec.url), *_arguments(spec)]
    head = f"from grantline import Connections\n\n{caller} = Connections.open().{get}\n"
    if spec.pagination is not None:
        method = [] if spec.method == "GET" else [f"method={spec.method!r}"]
        paged = [f"pagination={to_plain(spec.pagination)!r}"]
        arguments = [repr(spec.url), *method, *_arguments(spec), *paged]
        loop = _call(f"for item in {caller}.items", arguments)
        return f"{head}{loop}:\n    print(item)\n"
    line = _call(f"response = {call}", arguments)
    return f"{head}{line}\nresponse.raise_for_status()\nprint(response.text)\n"


def _call(start: str, arguments: list[str]) -> str:
    line = f"{start}({', '.join(arguments)})"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    inner = "".join(f"    {each},\n" for each in arguments)
    return f"{start}(\n{inner})"


def to_cli(spec: RequestSpec, connection_name: str, *, credential_name: str = "") -> CommandLine:
    """The ``grantline request`` command that makes the request; names as in ``to_python``."""
    files: dict[str, bytes] = {}
    url, query = spec.url, spec.query
    if any(not name or "=" in name for name, _ in query):
        joiner = "&" if "?" in url else "?"
        url, query = f"{url}{joiner}{encode_query(query, spec.array_style)}", ()
    words = [f"grantline request {shlex.quote(spec.method)} {shlex.quote(url)}"]
    words.append(
        _option("--connection", connection_name)
        if connection_name
        else _option("--credential", credential_name)
    )
    words += (_option("-q", f"{name}={value}") for name, value in query)
    words += (_option("-H", f"{name}: {value}") for name, value in spec.headers)
    if spec.content is not None:
        words += _body_options(spec.headers, spec.content, files)
    words += _sending_options(spec, query)
    return CommandLine(" \\\n  ".join(words), files)


def _sending_options(spec: RequestSpec, query: Pairs) -> Iterator[str]:
    """The options that are not as they are by default."""
    options = (
        (query and spec.array_style is not REPEAT, f"--array-style {spec.array_style}"),
        (spec.compress, "--compress"),
        (not spec.accept_compressed, "--uncompressed"),
        (not spec.follow_redirects, "--no-redirects"),
        (spec.minimum_tls is TlsVersion.TLS_1_3, "--min-tls 1.3"),
        (spec.address_family is AddressFamily.IPV4, "-4"),
        (spec.address_family is AddressFamily.IPV6, "-6"),
        (spec.fail_on not in {(), ERROR_STATUSES}, f"--fail-on {','.join(spec.fail_on)}"),
    )
    yield from (text for given, text in options if given)
    for name, span in (("timeout", spec.timeout), ("connect-timeout", spec.connect_timeout)):
        if span is not None:
            yield f"--{name} {max(1, math.ceil(span.total_seconds()))}s"
    if spec.retry is not None and spec.retry.attempts > 1:
        yield f"--retry {spec.retry.attempts - 1}"
        more = (method for method in spec.retry.methods if method not in IDEMPOTENT)
        yield from (_option("--retry-method", method) for method in more)
    if spec.pagination is not None:
        yield from _paging_options(spec.pagination)


# The options of the command line that are called otherwise than the fields of `Pagination`.
_PAGING_NAMES: Final = {
    "type": "paginate",
    "parameter": "page-parameter",
    "place": "page-place",
    "start": "page-start",
    "size": "page-size",
    "size_parameter": "page-size-parameter",
}


def _paging_options(pagination: Pagination) -> Iterator[str]:
    for name, value in to_plain(pagination).items():
        option = _PAGING_NAMES.get(name, name.replace("_", "-"))
        yield _option(f"--{option}", str(value))


def _arguments(spec: RequestSpec) -> Iterator[str]:
    """The keyword arguments of the call, as source."""
    headers = spec.headers
    body = ""
    if (content := spec.content) is not None:
        kind, body = _body_argument(content)
        if first_value(headers, "Content-Type") is not None:
            # The body must not bring a second opinion on its type.
            kind, body = LIBRARY_TYPE, f"content={_literal(content.data)}"
        if content.media_type not in {kind, ""} and first_value(headers, "Content-Type") is None:
            headers = (*headers, ("Content-Type", content.media_type))
    if spec.query:
        yield f"params={_pairs(spec.query)}"
    if headers:
        yield f"headers={_pairs(headers)}"
    if body:
        yield body
    for name, span in (("timeout", spec.timeout), ("connect_timeout", spec.connect_timeout)):
        if span is not None:
            yield f"{name}={span.total_seconds():g}"
    if spec.retry is not None:
        yield f"retry={spec.retry.attempts}"
    options = (
        (spec.query and spec.array_style is not REPEAT, f"array_style={spec.array_style.value!r}"),
        (spec.compress, "compress=True"),
        (not spec.accept_compressed, "accept_compressed=False"),
        (not spec.follow_redirects, "follow_redirects=False"),
        (not spec.parse_response, "parse_response=False"),
        (spec.minimum_tls is TlsVersion.TLS_1_3, "minimum_tls='1.3'"),
        (
            spec.address_family is not AddressFamily.ANY,
            f"address_family={spec.address_family.value!r}",
        ),
        (spec.fail_on not in {(), ERROR_STATUSES}, f"fail_on={list(spec.fail_on)!r}"),
    )
    yield from (text for given, text in options if given)


def _body_argument(content: Content) -> tuple[str, str]:
    """The argument that gives these very bytes, and the media type that comes with it."""
    if content.media_type == JSON_TYPE:
        value = _exact_json(content.data)
        if value is not _NO_JSON:
            return JSON_TYPE, f"json={value!r}"
    if content.media_type == FORM_TYPE and (fields := _fields(content)):
        return FORM_TYPE, f"data={_pairs(fields)}"
    return LIBRARY_TYPE, f"content={_literal(content.data)}"


def _literal(data: bytes) -> str:
    try:
        return repr(data.decode())
    except UnicodeDecodeError:
        return repr(data)


def _pairs(pairs: Pairs) -> str:
    """A mapping, or a list where a name is repeated."""
    mapping = dict(pairs)
    return repr(mapping if len(mapping) == len(pairs) else list(pairs))


_NO_JSON: Final = object()


def _exact_json(data: bytes) -> Any:
    """The value whose JSON is ``data``, byte for byte, as Python source can say it."""
    try:
        value = json.loads(data, parse_constant=_refuse)
        if _depth(value) <= _MAX_DEPTH and json_content(value).data == data:
            return value
    except (ValueError, RecursionError):
        pass
    return _NO_JSON


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _fields(content: Content) -> Pairs:
    """The fields of a form that give these very bytes again; none when there are no such."""
    try:
        fields = tuple(parse_qsl(content.data.decode("ascii"), keep_blank_values=True))
    except (UnicodeDecodeError, ValueError):
        return ()
    return fields if form_content(fields) == content else ()


def _body_options(headers: Headers, content: Content, files: dict[str, bytes]) -> Iterator[str]:
    typed = first_value(headers, "Content-Type") is not None
    text = inline_text(content.data)
    if text is not None and not typed:
        if content.media_type == JSON_TYPE and _is_json(text):
            yield _option("--json", text)
            return
        fields = _fields(content) if content.media_type == FORM_TYPE else ()
        if fields and all(name and "=" not in name for name, _ in fields):
            for name, value in fields:
                yield _option("--form", f"{name}={value}")
            return
    if text is None or text.startswith("@"):
        files["body.bin"] = content.data
        text, usual = "@body.bin", LIBRARY_TYPE
    else:
        usual = TEXT_TYPE
    if not typed and content.media_type not in {usual, ""}:
        yield _option("-H", f"Content-Type: {content.media_type}")
    yield _option("--data", text)


def _is_json(text: str) -> bool:
    try:
        json_text_content(text)
    except InvalidInput:
        return False
    return True


def _option(name: str, value: str) -> str:
    return f"{name} {shlex.quote(value)}"
