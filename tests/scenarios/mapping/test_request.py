"""The request of an HTTP module with everything filled in."""

import json
from decimal import Decimal
from typing import Any

import pytest

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.bodies.content import Content
from grantline.calls.bodies.multipart import Part as TextPart
from grantline.calls.bodies.multipart import multipart_content, read_multipart, text_part
from grantline.calls.request import RequestSpec
from grantline.errors import ExpressionFailed, InvalidInput
from grantline.scenarios.definition.modules import Body, BodyKind, HttpCall, Part
from grantline.scenarios.mapping.request import (
    Filled,
    MappedFile,
    filled,
    filled_content,
    filled_headers,
)

FILE = {
    "name": "a.pdf",
    "path": ".runs/srn_1/a.pdf",
    "media_type": "application/pdf",
    "size": 3,
    "proof": "5a",
}
NAMES: dict[str, Any] = {
    "1": {
        "data": {
            "id": 7,
            "ids": [1, 2],
            "name": 'O"Neil & Söhne\n',
            "nothing": None,
            "exact": Decimal("1.12345678901234567890"),
        }
    },
    "2": {"file": FILE},
}


NO_PART = Part(name="p", value="{{ 1.nope }}")


def call(body: Body | None = None, **options: Any) -> HttpCall:
    spec = RequestSpec(**{"url": "https://x.example/", **options})
    return HttpCall(spec=spec) if body is None else HttpCall(spec=spec, body=body)


def content(body: Body) -> Content:
    found = filled(call(body), NAMES).spec.content
    assert found is not None
    return found


def test_url_query_and_headers_are_filled_in_and_the_rest_stays() -> None:
    retry = RetryPolicy()
    given = call(
        method="POST",
        url="https://x.example/items/{{ 1.data.name }}",
        query=(("id", "{{ 1.data.id }}"), ("q", "n={{ 1.data.name }}")),
        headers=(("X-Id", "id {{ 1.data.id }}"),),
        retry=retry,
    )

    assert filled(given, NAMES) == Filled(
        spec=RequestSpec(
            method="POST",
            url="https://x.example/items/O%22Neil%20%26%20S%C3%B6hne%0A",
            query=(("id", "7"), ("q", 'n=O"Neil & Söhne\n')),
            headers=(("X-Id", "id 7"),),
            retry=retry,
        )
    )


def test_a_list_repeats_its_name_in_a_query_and_a_form_and_null_leaves_it_out() -> None:
    pairs = (("id", "{{ 1.data.ids }}"), ("no", "{{ 1.data.nothing }}"), ("yes", "{{ true }}"))

    assert filled(call(query=pairs), NAMES).spec.query == (
        ("id", "1"),
        ("id", "2"),
        ("yes", "true"),
    )
    assert content(Body(kind=BodyKind.FORM, fields=pairs)) == Content(
        b"id=1&id=2&yes=true", "application/x-www-form-urlencoded"
    )


def test_a_header_that_is_null_is_left_out() -> None:
    given = (("A", "{{ 1.data.nothing }}"), ("B", "{{ 1.data.id }}"), ("C", "plain"))

    assert filled_headers(given, NAMES) == (("B", "7"), ("C", "plain"))


def test_values_in_json_keep_their_types_and_digits() -> None:
    body = Body(
        kind=BodyKind.JSON,
        json={"id": "{{ 1.data.id }}", "to": ["Mr {{ 1.data.name }}"], "n": "{{ 1.data.exact }}"},
    )

    assert content(body).media_type == "application/json"
    assert json.loads(content(body).data) == {
        "id": 7,
        "to": ['Mr O"Neil & Söhne\n'],
        "n": pytest.approx(1.1234567890123457),
    }
    assert b"1.12345678901234567890" in content(body).data


def test_a_json_body_may_be_one_expression() -> None:
    assert content(Body(kind=BodyKind.JSON, json="{{ 1.data.ids }}")).data == b"[1, 2]"


def test_json_that_is_written_as_a_text_stays_json() -> None:
    text = '{"name": "Mr {{ 1.data.name }}", "ids": {{ 1.data.ids }}, "as text": {{ 1.data.name }}}'

    found = content(Body(kind=BodyKind.RAW, text=text, media_type="application/json"))

    assert found.media_type == "application/json"
    assert json.loads(found.data) == {
        "name": 'Mr O"Neil & Söhne\n',
        "ids": [1, 2],
        "as text": 'O"Neil & Söhne\n',
    }


def test_any_other_text_takes_values_as_they_are() -> None:
    found = content(Body(kind=BodyKind.RAW, text="<a>{{ 1.data.id }}</a>", media_type="text/xml"))

    assert found == Content(b"<a>7</a>", "text/xml")


def test_a_form_with_texts_only_is_ready() -> None:
    body = Body(
        kind=BodyKind.MULTIPART,
        parts=(
            Part(name="title", value="{{ 1.data.name }}"),
            Part(name="id", value="{{ 1.data.ids }}"),
            Part(name="no", value="{{ 1.data.nothing }}"),
            Part(name="note", value="x", filename="n-{{ 1.data.id }}.txt", media_type="text/plain"),
        ),
    )

    assert read_multipart(content(body)) == (
        text_part("title", 'O"Neil & Söhne\n'),
        text_part("id", "1"),
        text_part("id", "2"),
        TextPart("note", b"x", "n-7.txt", "text/plain"),
    )
    assert content(body) == multipart_content(read_multipart(content(body)) or ())


def test_files_of_earlier_modules_are_left_for_whoever_opens_them() -> None:
    body = Body(
        kind=BodyKind.MULTIPART,
        parts=(
            Part(name="file", value="{{ 2.file }}", filename="b.pdf"),
            Part(name="n", value="1"),
        ),
    )
    file = MappedFile(value=FILE, field="body.parts.file", part="file", filename="b.pdf")

    found = filled(call(body), NAMES)

    assert found.spec.content is None
    assert found.parts == (file, text_part("n", "1"))

    whole = filled(call(Body(kind=BodyKind.FILE, text="{{ 2.file }}", media_type="a/b")), NAMES)

    assert whole.file == MappedFile(value=FILE, field="body.text", media_type="a/b")
    assert whole.spec.content is None


def test_what_has_the_shape_of_a_file_is_left_to_be_refused_and_never_sent_as_text() -> None:
    unproved = {key: value for key, value in FILE.items() if key != "proof"}
    names = {"1": {"data": {"comment": unproved}}}
    body = Body(kind=BodyKind.MULTIPART, parts=(Part(name="said", value="{{ 1.data.comment }}"),))

    found = filled(call(body), names)

    assert found.parts == (MappedFile(value=unproved, field="body.parts.said", part="said"),)
    assert found.spec.content is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (call(url="https://x.example/{{ 1.nope }}"), "url"),
        (call(url="https://x.example/{{ 1.data.nothing }}"), "url"),
        (call(headers=(("X-A", "{{ 1.nope }}"),)), "headers.X-A"),
        (call(headers=(("X-A", "{{ 1.data.name }}"),)), "headers.X-A"),
        (call(query=(("q", "{{ 1.nope }}"),)), "query.q"),
        (call(Body(kind=BodyKind.JSON, json={"a": [0, "{{ 1.nope }}"]})), "body.json.a[1]"),
        (call(Body(kind=BodyKind.JSON, json=["{{ 1.nope }}"])), "body.json[0]"),
        (call(Body(kind=BodyKind.JSON, json="{{ 1.nope }}")), "body.json"),
        (call(Body(kind=BodyKind.FORM, fields=(("f", "{{ 1.nope }}"),))), "body.fields.f"),
        (call(Body(kind=BodyKind.MULTIPART, parts=(NO_PART,))), "body.parts.p"),
        (call(Body(kind=BodyKind.RAW, text="{{ 1.nope }}")), "body.text"),
        (call(Body(kind=BodyKind.FILE, text="{{ 1.nope }}")), "body.text"),
    ],
)  # fmt: skip
def test_an_error_names_the_field_and_the_position_in_it(given: HttpCall, field: str) -> None:
    with pytest.raises(ExpressionFailed) as caught:
        filled(given, NAMES)

    assert caught.value.field == field
    assert (caught.value.line, caught.value.column) > (0, 3)


@pytest.mark.parametrize(
    ("body", "message", "field"),
    [
        (Body(kind=BodyKind.FILE, text="{{ 1.data.name }}"), "not a file", "body.text"),
        (Body(kind=BodyKind.FILE, text="a.pdf"), "not a file", "body.text"),
        (
            Body(kind=BodyKind.RAW, text='{"a": nope}', media_type="application/json"),
            "stops being JSON",
            "body.text",
        ),
        (
            Body(kind=BodyKind.MULTIPART, parts=(Part(name="p", value="1", media_type="x"),)),
            "media type of a part",
            "body.parts",
        ),
        (Body(kind=BodyKind.RAW, text='{{ "\\ud800" }}'), "half a character", "body.text"),
        (
            Body(kind=BodyKind.FORM, fields=(("f", '{{ "\\ud800" }}'),)),
            "half a character",
            "body.fields",
        ),
    ],
)
def test_a_body_that_cannot_be_made_names_its_field(body: Body, message: str, field: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        filled(call(body), NAMES)

    assert caught.value.field == field


def test_an_answer_has_no_files() -> None:
    with pytest.raises(InvalidInput, match="JSON, a form or a text"):
        filled_content(Body(kind=BodyKind.FILE, text="{{ 2.file }}"), NAMES)
    assert filled_content(Body(), NAMES) is None
