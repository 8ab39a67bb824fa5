"""*Set variables*, *Sleep*, *Respond* and the aggregator: what needs nobody but the names."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import GrantlineError, InvalidInput, LimitExceeded
from grantline.scenarios.definition.modules import (
    Aggregate,
    Body,
    BodyKind,
    Collect,
    Iterate,
    Respond,
    Router,
    SetVariables,
    Sleep,
)
from grantline.scenarios.modules.aggregate import aggregate, cell
from grantline.scenarios.modules.sleep import sleep
from grantline.scenarios.modules.surroundings import LONGEST_SLEEP
from tests.scenarios.modules.workshop import Workshop

MANY = 1024**2


# Set variables


async def test_variables_are_set_in_order_and_keep_their_types(workshop: Workshop) -> None:
    workshop.names |= {"1": {"data": {"n": 7}}, "vars": {"old": "o"}}
    done = await workshop.does(
        SetVariables(
            variables=(
                ("n", "{{ 1.data.n }}"),
                ("twice", "{{ vars.n * 2 }}"),
                ("all", {"old": "{{ vars.old }}", "list": ["{{ vars.twice }}"]}),
            )
        )
    )
    assert done.variables == {"n": 7, "twice": 14, "all": {"old": "o", "list": [14]}}
    assert done.output == done.variables


@pytest.mark.parametrize("name", ["", "a b", "1a", "a.b", "ä", "x" * 65, "{{ a }}"])
async def test_a_name_that_no_mapping_could_write_is_refused(workshop: Workshop, name: str) -> None:
    told = await workshop.fails(SetVariables(variables=((name, 1),)))
    assert (told["code"], told["field"]) == ("invalid_input", "variables")


# Sleep


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("5 min", 300),
        ("1 h 30 min", 5400),
        ("{{ input.n }}", 7),
        ("{{ input.half }}", 0.5),
        ("{{ input.exact }}", 1.25),
        ("{{ input.n }} min", 420),
        ("0", 0),
        ("366 d", LONGEST_SLEEP.total_seconds()),
    ],
)
def test_a_sleep_gives_its_span_and_does_not_wait(text: str, seconds: float) -> None:
    names = {"input": {"n": 7, "half": 0.5, "exact": Decimal("1.25")}}
    done = sleep(Sleep(span=text), names)
    assert done.wait == timedelta(seconds=seconds)
    assert done.output == {"seconds": seconds}


@pytest.mark.parametrize(
    "value", ["", "soon", "-1", -1, True, None, [], float("nan"), float("inf"), 1e300, "367 d"]
)
def test_what_is_no_span_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        sleep(Sleep(span="{{ input.span }}"), {"input": {"span": value}})
    assert caught.value.field == "span"
    assert caught.value.hint


# Respond


async def test_an_answer_is_filled_in(workshop: Workshop) -> None:
    workshop.names |= {"1": {"count": 2, "status": 202}}
    done = await workshop.does(
        Respond(
            status="{{ 1.status }}",
            headers=(("X-Count", "{{ 1.count }}"), ("Authorization", "Bearer s3cret")),
            body=Body(kind=BodyKind.JSON, json={"made": "{{ 1.count }}"}),
        )
    )
    answer = done.answer
    assert answer is not None
    assert (answer.status, answer.body) == (202, b'{"made": 2}')
    assert dict(answer.headers)["Content-Type"] == "application/json"
    assert done.output == {"status": 202}
    assert done.input["body"] == {"made": 2}
    assert done.input["headers"]["authorization"] == "Bearer •••"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (Body(kind=BodyKind.RAW, text="hi"), "text/plain; charset=utf-8"),
        (Body(kind=BodyKind.RAW, text="<a/>", media_type="text/xml"), "text/xml"),
        (Body(kind=BodyKind.FORM, fields=(("a", "1"),)), "application/x-www-form-urlencoded"),
        (Body(), None),
    ],
)
async def test_each_kind_of_body_has_its_media_type(
    workshop: Workshop, body: Body, media_type: str | None
) -> None:
    done = await workshop.does(Respond(body=body))
    assert done.answer is not None
    assert dict(done.answer.headers).get("Content-Type") == media_type


@pytest.mark.parametrize(
    ("does", "field"),
    [
        (Respond(status="abc"), "status"),
        (Respond(status="{{ input.no }}"), "status"),
        (Respond(status="199"), "status"),
        (Respond(status="600"), "status"),
        (Respond(status="2000000"), "status"),
        (Respond(headers=(("Content-Length", "3"),)), "reserved_header"),
        (Respond(headers=(("Set-Cookie", "a=1"),)), "headers"),
        (Respond(headers=(("Clear-Site-Data", '"cookies"'),)), "headers"),
        (Respond(headers=(("X-Accel-Redirect", "/private"),)), "headers"),
        (Respond(body=Body(kind=BodyKind.FILE, text="{{ input.no }}")), "body.kind"),
    ],
)
async def test_what_cannot_be_answered_names_its_field(
    workshop: Workshop, does: Respond, field: str
) -> None:
    workshop.names["input"] = {"no": True}
    told = await workshop.fails(does)
    assert (told.get("field") or told["rule"]) == field
    assert told["hint"]


async def test_an_answer_that_is_too_large_is_refused(workshop: Workshop) -> None:
    workshop.names["input"] = {"x": "x" * 5 * MANY}
    told = await workshop.fails(Respond(body=Body(kind=BodyKind.RAW, text="{{ input.x }}")))
    assert told["limit"] == "answer_bytes"
    assert "4 MB" in told["message"]


# Aggregator


def of(*values: Any) -> list[Mapping[str, Any]]:
    return [{"2": {"value": each}} for each in values]


def gives(does: Aggregate, *values: Any, most_bytes: int = MANY) -> Any:
    done = aggregate(does, of(*values), most_bytes=most_bytes)
    assert done.output["count"] == len(values)
    return done.output["value"]


def test_an_array_keeps_what_each_item_adds() -> None:
    does = Aggregate(source=2, value={"id": "{{ 2.value.id }}"})
    assert gives(does, {"id": 1}, {"id": None}) == [{"id": 1}, {"id": None}]
    assert gives(does) == []


def test_a_text_is_what_each_item_adds_with_a_separator_between() -> None:
    does = Aggregate(source=2, collect=Collect.TEXT, value="<{{ 2.value }}>", separator="; ")
    assert gives(does, "a", 7) == "<a>; <7>"
    assert gives(does) == ""


def table(**more: Any) -> Aggregate:
    columns = (("Name", "{{ 2.value.name }}"), ("Note", "{{ 2.value.note }}"))
    return Aggregate(source=2, collect=Collect.CSV, columns=columns, **more)


def test_csv_is_written_as_rfc_4180_says() -> None:
    rows = [{"name": 'say "hi"', "note": "a,b"}, {"name": "two\nlines", "note": None}]
    assert gives(table(), *rows) == ('Name,Note\r\n"say ""hi""","a,b"\r\n"two\nlines",\r\n')
    assert gives(table(separator=";", header=False), {"name": "a;b", "note": 1.5}) == (
        '"a;b";1.5\r\n'
    )
    assert gives(table()) == "Name,Note\r\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("-5", "-5"),
        ("-1,234.50", "-1,234.50"),
        ("+49 (0)30 1234-56", "+49 (0)30 1234-56"),
        (-5, "-5"),
        (Decimal("1.10"), "1.10"),
        (True, "true"),
        ({"a": [1]}, '{"a": [1]}'),
        (None, ""),
        ("a=b", "a=b"),
    ],
)
def test_no_cell_becomes_a_formula_and_numbers_stay(value: Any, text: str) -> None:
    assert cell(value) == text


@given(
    st.lists(
        st.fixed_dictionaries({"name": st.text(max_size=8), "note": st.text(max_size=8)}),
        max_size=5,
    )
)
def test_every_text_comes_back_from_the_csv(rows: list[dict[str, str]]) -> None:
    text = gives(table(), *rows)
    read = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert read[0] == ["Name", "Note"]
    assert [row for row in read[1:] if row] == [
        [cell(row["name"]), cell(row["note"])] for row in rows
    ]


@pytest.mark.parametrize("separator", ["--", '"', "\n"])
def test_a_separator_of_columns_is_one_character(separator: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        gives(table(separator=separator), {"name": "", "note": ""})
    assert caught.value.field == "separator"


@pytest.mark.parametrize("collect", list(Collect))
def test_what_is_aggregated_is_bounded_and_read_no_further(collect: Collect) -> None:
    read = 0

    def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            yield {"2": {"value": "x" * 1000}}

    does = Aggregate(
        source=2, collect=collect, value="{{ 2.value }}", columns=(("a", "{{ 2.value }}"),)
    )
    with pytest.raises(LimitExceeded) as caught:
        aggregate(does, endless(), most_bytes=10_000)
    assert caught.value.limit == "bundle_bytes"
    assert read <= 11


@pytest.mark.parametrize("does", [Iterate(items="{{ 1 }}"), Router()])
async def test_the_way_between_modules_is_the_runs(
    workshop: Workshop, does: Iterate | Router
) -> None:
    with pytest.raises(ValueError, match="the run itself") as caught:
        await workshop.does(does)
    assert not isinstance(caught.value, GrantlineError)
