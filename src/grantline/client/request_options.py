"""What callers write to make a request, as the engine's ``RequestSpec``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypedDict

from grantline.calls.request import Content, RequestSpec, form_content, json_content
from grantline.errors import InvalidInput

Scalar = str | int | float | bool
Values = Mapping[str, Scalar | Iterable[Scalar] | None] | Iterable[tuple[str, Scalar | None]]

PLAIN_TYPE = "application/octet-stream"


class RequestOptions(TypedDict, total=False):
    """The keyword arguments of every request.

    Attributes:
        params: For the query. A list repeats its name; None leaves it out.
        headers: A mapping, or pairs where a name is repeated.
        json: The body, any JSON value.
        data: The body, a form.
        content: The body as it is; name its type in ``headers``.
        timeout: For the whole exchange, in seconds or as a span.
        follow_redirects: Off shows the 3xx answer itself. The token never leaves its hosts anyway.
    """

    params: Values | None
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None
    json: Any
    data: Values | None
    content: bytes | str | None
    timeout: float | timedelta | None
    follow_redirects: bool


def request_spec(method: str, url: str, options: RequestOptions) -> RequestSpec:
    """The request that ``options`` describe.

    Raises:
        InvalidInput: More than one body, or an option that does not exist.
    """
    unknown = sorted(set(options) - RequestOptions.__annotations__.keys())
    if unknown:
        known = ", ".join(RequestOptions.__annotations__)
        raise InvalidInput(
            f"A request has no option {unknown[0]}.",
            field=unknown[0],
            hint=f"The options are {known}.",
        )
    headers = options.get("headers") or ()
    timeout = options.get("timeout")
    return RequestSpec(
        method=method.upper(),
        url=url,
        headers=tuple(headers.items() if isinstance(headers, Mapping) else headers),
        query=_pairs(options.get("params")),
        content=_body(options),
        follow_redirects=options.get("follow_redirects", True),
        timeout=timedelta(seconds=timeout) if isinstance(timeout, int | float) else timeout,
    )


def _body(options: RequestOptions) -> Content | None:
    # ``json=None`` is the JSON value null, so being there is what counts; the others mean "none".
    given = [
        name
        for name in ("json", "data", "content")
        if name in options and (name == "json" or options.get(name) is not None)
    ]
    if len(given) > 1:
        raise InvalidInput(
            f"A request has one body, and {' and '.join(given)} are two.",
            field=given[1],
            hint="Give one of json, data and content.",
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
