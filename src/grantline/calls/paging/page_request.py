"""The request for one page of a list."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from grantline.calls.bodies.content import FORM_TYPE, JSON_TYPE, Content, form_content
from grantline.calls.pagination import Pagination, PaginationType, ParameterPlace
from grantline.calls.paging.pages import Position
from grantline.calls.request import RequestSpec
from grantline.calls.structures.json_values import dump_json, encode_json, load_json
from grantline.calls.structures.paths import parse_path, with_value
from grantline.errors import InvalidInput


def page_request(spec: RequestSpec, pagination: Pagination, position: Position) -> RequestSpec:
    """The request for the page at ``position``.

    Raises:
        InvalidInput: A parameter belongs into a body that has no place for it.
    """
    if pagination.type is PaginationType.URL and position.next is not None:
        return replace(spec, url=str(position.next), query=())
    if pagination.size is not None:
        spec = _with_parameter(spec, pagination, pagination.size_name, pagination.size)
    value = _value(pagination, position)
    if value is None or not pagination.parameter_name:
        return spec
    return _with_parameter(spec, pagination, pagination.parameter_name, value)


def _value(pagination: Pagination, position: Position) -> str | int | None:
    match pagination.type:
        case PaginationType.OFFSET:
            return (pagination.start or 0) + position.items
        case PaginationType.PAGE:
            start = 1 if pagination.start is None else pagination.start
            return start + position.number - 1
        case PaginationType.TOKEN:
            return position.next
        case PaginationType.URL:
            return None


def _with_parameter(
    spec: RequestSpec, pagination: Pagination, name: str, value: str | int
) -> RequestSpec:
    match pagination.place:
        case ParameterPlace.QUERY:
            kept = tuple(pair for pair in spec.query if pair[0] != name)
            return replace(spec, query=(*kept, (name, str(value))))
        case ParameterPlace.HEADER:
            headers = tuple(each for each in spec.headers if each[0].lower() != name.lower())
            return replace(spec, headers=(*headers, (name, str(value))))
        case ParameterPlace.BODY:
            return replace(spec, content=_in_body(spec.content, name, value))


def _in_body(content: Content | None, name: str, value: str | int) -> Content:
    kind = content.media_type.partition(";")[0].strip().lower() if content else JSON_TYPE
    if content is not None and kind == FORM_TYPE:
        fields = parse_qsl(content.data.decode("utf-8", "replace"), keep_blank_values=True)
        kept = tuple(each for each in fields if each[0] != name)
        return form_content((*kept, (name, str(value))))
    try:
        body = load_json(content.data) if content else {}
    except ValueError:
        raise InvalidInput(
            "The parameters of pagination go into the body, which is neither JSON nor a form.",
            field="place",
            hint="Let them go into the query, or send a JSON body.",
        ) from None
    whole = with_value(body, parse_path(name, field="parameter"), value, field="parameter")
    return Content(encode_json(dump_json(whole)), content.media_type if content else JSON_TYPE)
