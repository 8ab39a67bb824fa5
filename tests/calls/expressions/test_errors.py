"""Errors of expressions: what is said, where, and what may have been meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.expressions import ExpressionFailed, check_expression, fill
from grantline.errors import InvalidInput

NAMES: dict[str, Any] = {
    "1": {
        "status": 200,
        "headers": {"Content-Type": "text/plain"},
        "data": {"items": [{"id": 1}, {"id": 2}, {"id": 3}], "json": '{"a": 1}', "note": None},
    },
    "2": {"data": [{"id": 1}], "empty": []},
    "vars": {"token": "t", "nothing": {}},
    "input": {},
    "run": {"id": "srn_1"},
}


def error_of(text: str, names: dict[str, Any] = NAMES) -> ExpressionFailed:
    with pytest.raises(ExpressionFailed) as caught:
        fill(text, names)
    return caught.value


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("{{ 7.data }}", 4, "There is no module 7 before this one; there are 1, 2."),
        ("{{ 1.dat }}", 6, "1 has no dat. It has status, headers, data. Did you mean data?"),
        (
            "{{ 1.Status }}",
            6,
            "1 has no Status. It has status, headers, data. Did you mean status?",
        ),
        ("{{ vars.tokn }}", 9, "vars has no tokn. It has token, nothing. Did you mean token?"),
        ("{{ vars.nothing.x }}", 17, "vars.nothing has no x. It is empty."),
        ("{{ input.x }}", 10, "input has no x. It is empty."),
        ("{{ trigger.body }}", 4, "This run has no trigger. Use default(...) where it may not."),
        (
            '{{ 1.headers["content-type"] }}',
            14,
            '1.headers has no content-type. It has Content-Type. Did you mean ["Content-Type"]?',
        ),
        (
            "{{ 1.headers.Content-Type }}",
            22,
            (
                "There is nothing named Type. "
                'A name with a hyphen in it stands in brackets: 1.headers["content-type"].'
            ),
        ),
        (
            "{{ 1.data.items[5].id }}",
            17,
            "1.data.items has 3 items; there is no [5]. The last is [2], and [-1] as well.",
        ),
        ("{{ 2.data[1] }}", 11, "2.data has 1 item; there is no [1]. The only one is [0]."),
        ("{{ 2.empty[0] }}", 12, "2.empty is an empty list; there is no [0]."),
        (
            "{{ 1.data.items.id }}",
            17,
            (
                "1.data.items is a list of 3, and a list has no names in it. "
                'Take one of its items: its first item is [0], and "| first" gives it too.'
            ),
        ),
        (
            "{{ 1.data.items[1.5] }}",
            17,
            "1.data.items is a list; its places are whole numbers, not a number.",
        ),
        (
            "{{ 1.data.json.a }}",
            16,
            (
                "1.data.json is a text, and nothing is inside. "
                "It looks like JSON: (... | from_json) reads it."
            ),
        ),
        (
            "{{ 1.data.note.x }}",
            16,
            (
                "1.data.note is null, and nothing is inside. "
                "Where it may be null, write default(...) behind the whole path."
            ),
        ),
        ("{{ (1.data.items | first).ix }}", 27, "The value before has no ix. It has id."),
        ("{{ 1.data | upperr }}", 13, "There is no filter named upperr. Did you mean upper?"),
        ("{{ 1.data is defiined }}", 14, "There is no test named defiined. Did you mean defined?"),
        ("{{ varz.x }}", 4, "There is nothing named varz. Did you mean vars?"),
        (
            "{{ upper(1.data) }}",
            4,
            (
                "There is nothing named upper. "
                "There are no functions; filters follow a bar: value | upper."
            ),
        ),
        (
            "{{ 1.data | replace('a') }}",
            13,
            "replace needs its argument new. Write replace(old, new).",
        ),
        ("{{ 'a' | upper(1) }}", 10, "upper takes no argument, and is given 1. Write upper."),
        (
            "{{ 'a' | trim(characterz='x') }}",
            10,
            (
                "trim has no argument named characterz. Did you mean characters? "
                "Write trim(characters=null)."
            ),
        ),
        (
            "{{ 1 | trim('a', characters='b') }}",
            8,
            "trim is given an argument twice. Write trim(characters=null).",
        ),
        (
            "{{ 1.status + ' USD' }}",
            13,
            (
                "+ cannot add a text and a number. "
                "~ joins them into a text; | number makes a number of a text."
            ),
        ),
        (
            "{{ '5' * 2 }}",
            8,
            (
                "* needs numbers, and one side is a text. "
                "A text that holds a number becomes one with | number."
            ),
        ),
        (
            "{{ '5' > 4 }}",
            8,
            (
                "A text cannot be compared with a number. "
                "A text that holds a number becomes one with | number."
            ),
        ),
        (
            "{{ 1.data.items | sum('prce') }}",
            19,
            "No item of the list has prce. The first has id.",
        ),
        (
            "{{ 'x' | number }}",
            10,
            "This is a text and no number. Numbers are written as 1234.5, without other signs.",
        ),
        ("{{ 1 if true }}", 6, "This choice does not say what else. Write a if b else c."),
        ("{{ 1 && 2 }}", 6, "The expression does not go on like this. Write and."),
        ("{{ !true }}", 4, "Here should be a value. Write not."),
        ("{{ 1.status = 200 }}", 13, "The expression does not go on like this. Compare with ==."),
        ("{{ 1 < 2 < 3 }}", 10, "Comparisons cannot be chained. Write a < b and b < c."),
        ("{{ 1 + }}", 8, "The expression ends where a value should be."),
        ("{{ 'abc }}", 4, "This text has no closing quote."),
        ("{{ [1, 2 }}", 10, "Here should be ]."),
        (
            "{{ \N{LEFT DOUBLE QUOTATION MARK}a\N{RIGHT DOUBLE QUOTATION MARK} }}",
            4,
            "Here should be a value. Use straight quotes.",
        ),
        (
            "{{ 1.data",
            1,
            (
                "The expression that begins here is not closed. "
                'Close it with }}, or write {{ "{{" }} for the braces themselves.'
            ),
        ),
        (
            "a {{ }}",
            3,
            (
                "There is no expression between the braces. "
                'Write {{ "{{" }} for the braces themselves.'
            ),
        ),
        (
            "{% if 1 %}",
            1,
            (
                "{% begins a statement, and a mapping has expressions only. "
                'Write {{ a if b else c }} for a choice, {{ "{%" }} for the characters themselves.'
            ),
        ),
    ],
)
def test_an_error_says_what_and_where_and_what_may_have_been_meant(
    text: str, column: int, says: str
) -> None:
    error = error_of(text)

    assert f"{error.message} {error.hint}".rstrip() == says
    assert (error.line, error.column) == (1, column)
    assert str(error) == f"Line 1, column {column}: {says}"


def test_the_first_module_has_none_before_it() -> None:
    error = error_of("{{ 1.data }}", {"vars": {}})

    assert error.message == "There is no module 1 before this one, which is the first."


def test_positions_are_those_of_the_text_that_was_written() -> None:
    text = '\N{GRINNING FACE} line\n{\n  "a": "{{ 1.data.items[0].id }}",\n  "b": {{\n  1.nope\n}}}'
    error = error_of(text)

    assert (error.line, error.column) == (5, 5)


def test_an_error_is_bad_input_and_can_be_told_of_a_field() -> None:
    error = error_of("{{ 1.nope }}")
    moved = error.at("body.json")

    assert isinstance(error, InvalidInput)
    assert (moved.field, moved.line, moved.column) == ("body.json", error.line, error.column)
    assert (moved.message, moved.hint) == (error.message, error.hint)


def test_no_value_is_in_an_error() -> None:
    names = {"vars": {"secret": "hunter2", "list": ["hunter2"], "object": {"x": "hunter2"}}}
    rest = [".x.y", "[9]", " + 1", " * 2", " < 1", "['hunter']", " | sum", " | to_zone('x')"]
    rest += [
        f" | {each}" for each in ("number", "from_json", "parse_date", "boolean", "base64_decode")
    ]
    for value in ("vars.secret", "vars.list", "vars.object"):
        for each in rest:
            error = error_of(f"{{{{ {value}{each} }}}}", names)

            assert "hunter2" not in f"{error} {error.detail}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ 1.data.x | default(7) }}", 7),
        ("{{ 1.data.x.y.z | default }}", ""),
        ("{{ 1.data.items[9].id | default('none') }}", "none"),
        ("{{ 1.data.note | default(7) }}", None),
        ("{{ 1.data.note | default(7, true) }}", 7),
        ("{{ 1.data.note | default(fallback=7, empty=true) }}", 7),
        ("{{ 1.data.x | default(fallback=7) }}", 7),
        ("{{ 1.data.note.x | default(7) }}", 7),
        ("{{ 1.status | default(7) }}", 200),
        ("{{ trigger.body.id | default(vars.token) }}", "t"),
        ("{{ 1.data.x | default(1.data.y | default(vars.token)) }}", "t"),
        ("{{ (1.data.items | first).x | default(1) }}", 1),
        ("{{ 1.data[vars.token] | default(3) }}", 3),
        ("{{ (1.data.x | default([])) | length }}", 0),
        ("{{ 1.data.x is defined }}", False),
        ("{{ 1.data.note is defined }}", True),
        ("{{ trigger.body is not defined }}", True),
        ("{{ 'x' is defined }}", True),
        ("{{ 1.data.x if 1.data.x is defined else 'no' }}", "no"),
        ("{{ 1.status == 200 or 1.nope }}", True),
        ("{{ 1.status == 404 and 1.nope }}", False),
        ("{{ 1.status if true else 1.nope }}", 200),
        ("{{ null or '' or 0 or 'last' }}", "last"),
        ("{{ 1 and 'last' }}", "last"),
    ],
)
def test_what_may_be_missing_is_said_to_be_so(text: str, value: Any) -> None:
    assert fill(text, NAMES) == value


def test_a_module_that_gave_nothing_is_an_error_in_any_case() -> None:
    for text in ("{{ 7.data | default(1) }}", "{{ 7.data is defined }}"):
        assert error_of(text).message.startswith("There is no module 7")


@given(st.integers(0, 5), st.text(alphabet="ab \n\t", max_size=8))
def test_blanks_and_lines_between_parts_mean_nothing(place: int, blanks: str) -> None:
    parts = ["1.data.items", "|", "map(", "'id'", ")", "| sum"]
    blanks = "".join(char for char in blanks if char.isspace())

    check_expression("{{" + blanks.join(parts) + "}}")
    assert fill("{{ " + " ".join([*parts[:place], blanks, *parts[place:]]) + " }}", NAMES) == 6
