"""The request of an HTTP module with everything filled in, up to the files that go along."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from grantline.calls.bodies import multipart
from grantline.calls.bodies.content import JSON_TYPE, Content, form_content, json_text_content
from grantline.calls.expressions import (
    ExpressionFailed,
    fill,
    fill_header,
    fill_json,
    fill_json_text,
    fill_text,
    fill_url,
)
from grantline.calls.query import Pairs
from grantline.calls.request import RequestSpec
from grantline.calls.structures.json_values import dump_json, encode_json
from grantline.errors import InvalidInput
from grantline.messages import Headers
from grantline.scenarios.definition.modules import Body, BodyKind, HttpCall

Names = Mapping[str, Any]

_FILE: Final = frozenset({"name", "path", "media_type", "size"})
_JSON: Final = re.compile(r"application/(?:[\w.-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MappedFile:
    """A file of an earlier module that goes along.

    Attributes:
        value: The ``file`` of a bundle: ``name``, ``path``, ``media_type``, ``size``,
            and ``proof`` that a module left it, which whoever opens it checks.
        field: Where it is mapped, for errors.
        part: The name of the part that it is; empty when it is the whole body.
        filename: Under which it goes; empty for its own.
        media_type: As which it goes; empty for its own.
    """

    value: Mapping[str, Any]
    field: str
    part: str = ""
    filename: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A request, ready but for what is read from files.

    Attributes:
        spec: With its content, unless the body needs files.
        file: The whole body.
        parts: The parts of a multipart body, when at least one of them is a file; in order.
    """

    spec: RequestSpec
    file: MappedFile | None = None
    parts: tuple[multipart.Part | MappedFile, ...] = ()


def filled(call: HttpCall, names: Names) -> Filled:
    """The request of ``call``, with what ``names`` say in place of its expressions.

    A value of the query, a header, a field or a part that is null goes without its name; one that
    is a list repeats it, in headers excepted.

    Raises:
        InvalidInput: An expression cannot be worked out, or its value does not fit; ``field`` is
            ``url``, ``headers.X``, ``query.X``, ``body.json.items[0]`` and so on.
    """
    with _in_field("url"):
        url = fill_url(call.spec.url, names)
    spec = replace(
        call.spec,
        url=url,
        headers=filled_headers(call.spec.headers, names),
        query=_filled_pairs(call.spec.query, names, "query"),
    )
    body = call.body
    if body.kind is BodyKind.FILE:
        return Filled(spec=spec, file=_whole_file(body, names))
    if body.kind is BodyKind.MULTIPART:
        parts = tuple(_filled_parts(body, names))
        texts = [part for part in parts if isinstance(part, multipart.Part)]
        if len(texts) < len(parts):
            return Filled(spec=spec, parts=parts)
        with _in_field("body.parts"):
            return Filled(spec=replace(spec, content=multipart.multipart_content(texts)))
    return Filled(spec=replace(spec, content=filled_content(body, names)))


def filled_headers(headers: Headers, names: Names, *, field: str = "headers") -> Headers:
    """``headers`` with their values filled in; raises ``InvalidInput`` as `filled`."""
    done: list[tuple[str, str]] = []
    for name, value in headers:
        with _in_field(f"{field}.{name}"):
            # What is there may be null, and what may be a list is none; both are seen by its type.
            if "{" in value and fill(value, names) is None:
                continue
            done.append((name, fill_header(value, names)))
    return tuple(done)


def filled_content(body: Body, names: Names, *, field: str = "body") -> Content | None:
    """The content of a body that is no file and has none; None for no body.

    Raises:
        InvalidInput: As `filled`, and for a kind of body that needs files.
    """
    match body.kind:
        case BodyKind.NONE:
            return None
        case BodyKind.JSON:
            return _json(body, names, field)
        case BodyKind.FORM:
            pairs = _filled_pairs(body.fields, names, f"{field}.fields")
            with _in_field(f"{field}.fields"):
                return form_content(pairs)
        case BodyKind.RAW:
            return _raw(body, names, f"{field}.text")
        case _:
            raise InvalidInput(
                "A body here is JSON, a form or a text.",
                field=f"{field}.kind",
                hint="Files are sent by the modules that make requests.",
            )


def _json(body: Body, names: Names, field: str) -> Content:
    place = f"{field}.json"
    try:
        value = fill_json(body.json, names)
    except ExpressionFailed as error:
        if isinstance(body.json, str):
            raise error.at(place) from None
        joint = "" if error.field.startswith("[") else "."
        raise error.at(f"{place}{joint}{error.field}") from None
    with _in_field(place):
        return Content(encode_json(dump_json(value)), JSON_TYPE)


def _raw(body: Body, names: Names, field: str) -> Content:
    with _in_field(field):
        if not _JSON.fullmatch(body.media_type):
            return Content(fill_text(body.text, names).encode(), body.media_type)
        return replace(
            json_text_content(fill_json_text(body.text, names)), media_type=body.media_type
        )


def _filled_pairs(pairs: Pairs, names: Names, field: str) -> Pairs:
    return tuple(
        (name, text) for name, value in pairs for text in _texts(value, names, f"{field}.{name}")
    )


def _texts(value: str, names: Names, field: str) -> list[str]:
    with _in_field(field):
        return [_text(each) for each in _values(value, names)]


def _filled_parts(body: Body, names: Names) -> Iterator[multipart.Part | MappedFile]:
    for part in body.parts:
        field = f"body.parts.{part.name}"
        with _in_field(field):
            values = _values(part.value, names)
            filename = fill_text(part.filename, names)
            for value in values:
                if _is_file(value):
                    yield MappedFile(
                        value=value,
                        field=field,
                        part=part.name,
                        filename=filename,
                        media_type=part.media_type,
                    )
                else:
                    yield multipart.Part(
                        part.name,
                        _text(value).encode(),
                        filename or None,
                        part.media_type or None,
                    )


def _whole_file(body: Body, names: Names) -> MappedFile:
    field = "body.text"
    with _in_field(field):
        value = fill(body.text, names)
        if not _is_file(value):
            raise InvalidInput(
                "This is not a file.",
                field=field,
                hint="Map the file of an earlier module, such as {{ 2.file }}.",
            )
        return MappedFile(value=value, field=field, media_type=body.media_type)


def _values(value: str, names: Names) -> list[Any]:
    """What stands under one name: each item of a list, and nothing for null."""
    found = fill(value, names)
    return [each for each in (found if isinstance(found, list) else [found]) if each is not None]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dump_json(value)


def _is_file(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() >= _FILE


@contextmanager
def _in_field(field: str) -> Iterator[None]:
    """Lets every error of bad input name ``field``."""
    try:
        yield
    except ExpressionFailed as error:
        raise error.at(field) from None
    except InvalidInput as error:
        raise InvalidInput(
            error.message, field=field, hint=error.hint, detail=error.detail
        ) from None
    except UnicodeEncodeError:
        raise InvalidInput(
            "There is half a character in this text, which no encoding can write.", field=field
        ) from None
