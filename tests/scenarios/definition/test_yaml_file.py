"""Scenarios as files: pretty, the same each time, and without loss."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from grantline.calls.structures.json_values import dump_json, load_json
from grantline.errors import InvalidInput, MalformedFile
from grantline.scenarios.definition.modules import Module, SetVariables
from grantline.scenarios.definition.plain import scenario_to_plain
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.yaml_file import (
    examine,
    read_file,
    read_yaml,
    write_yaml,
)
from grantline.scenarios.definition.yaml_reading import read_plain_file
from tests.scenarios.definition.test_plain import SCENARIO
from tests.scenarios.scenarios import AWKWARD, JSON, SCENARIOS

TEXT = """\
grantline: 1
name: Dropbox files into a sheet
trigger: {schedule: "0 6 * * *", time_zone: Europe/Amsterdam}
inputs:
  folder: {default: /Make}
bounds: {within: 1 h 30 min}

modules:
  - id: 1
    name: List the folder
    make_request:
      connection: con_dropbox
      method: POST
      url: https://api.dropboxapi.com/2/files/list_folder
      query:
        - {id: "1"}
        - {id: "2"}
      json: {path: "{{ input.folder }}"}
      retry: {attempts: 3}
      pagination: {type: token, next: cursor}
    on_error: {action: retry_later}

  - id: 2
    iterator: {items: "{{ 1.data.entries }}"}

  - id: 3
    router:
      branches:
        - name: Large
          when: "{{ 2.value.size > 1000 }}"
          modules:
            - id: 4
              enabled: false
              sleep: {span: 5 min}
            - id: 5
              set_variables: {size: 7}
        - fallback: true
          modules: []

  - id: 6
    respond:
      status: 201
"""


def variables(**values: Any) -> Scenario:
    does = SetVariables(variables=tuple(values.items()))
    return Scenario(name="a", modules=(Module(id=1, does=does),))


def test_a_file_is_written_to_be_read_by_people() -> None:
    assert write_yaml(SCENARIO) == TEXT
    assert read_yaml(TEXT) == SCENARIO


@given(SCENARIOS)
def test_every_scenario_comes_back_from_its_file(scenario: Scenario) -> None:
    text = write_yaml(scenario)

    assert read_yaml(text) == scenario
    assert dump_json(scenario_to_plain(read_yaml(text))) == dump_json(scenario_to_plain(scenario))


@given(SCENARIOS)
@settings(max_examples=30)
def test_another_reader_reads_the_same(scenario: Scenario) -> None:
    text = write_yaml(scenario)

    read = YAML(typ="safe", pure=True).load(text)

    assert dump_json(read) == dump_json(scenario_to_plain(scenario))


@given(JSON)
def test_every_value_keeps_its_type(value: Any) -> None:
    text = write_yaml(variables(value=value))

    assert dump_json(read_plain_file(text).value["modules"][0]["set_variables"]) == dump_json(
        {"value": value}
    )


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_stay_the_texts_that_they_are(text: str) -> None:
    scenario = variables(value=text, table={text: [text, {"a": text}]})

    assert read_yaml(write_yaml(scenario)) == scenario


@pytest.mark.parametrize(
    "number", ["1.10", "0.1000000000000000055511151231257827", "1e400", "-0.0", "1e20", "9" * 40]
)
def test_numbers_keep_their_digits(number: str) -> None:
    value = load_json(number)
    if number == "1e400":
        with pytest.raises(MalformedFile, match="no JSON value"):
            read_yaml(write_yaml(variables(value=value)))
        return

    read = read_yaml(write_yaml(variables(value=value)))

    assert dump_json(_value(read)) == dump_json(value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("True", True),
        ("~", None),
        ("", None),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("+1", 1),
        ("1_000", "1_000"),
        ("2026-11-29", "2026-11-29"),
        ("12:30:45", "12:30:45"),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ('"1"', "1"),
        ("'a'", "a"),
        (">-\n      a\n      b", "a b"),
        ("|\n      a\n      b\n", "a\nb\n"),
        ("# a remark", None),
    ],
)
def test_yaml_1_2_means_what_its_core_schema_says(written: str, value: Any) -> None:
    read = read_yaml(
        f"grantline: 1\nname: a\nmodules:\n- id: 1\n  set_variables:\n    v: {written}"
    )

    assert _value(read) == value
    assert type(_value(read)) is type(value)


def test_long_prose_is_folded_and_several_lines_are_a_block() -> None:
    note = "This folder is the one that the office fills in the morning, " * 3 + "and by noon."
    text = write_yaml(Scenario(name="a", note=note, modules=variables(v="a\n b\n\nc\n").modules))

    assert "note: >-\n  This folder" in text
    assert "      v: |\n        a\n         b\n\n        c\n" in text
    assert max(map(len, text.splitlines())) <= 100
    assert read_yaml(text).note == note


def test_names_of_connections_go_with_the_file() -> None:
    names = {"con_dropbox": "My Dropbox"}
    file = read_file(write_yaml(SCENARIO, connections=names))

    assert file.connections == names
    assert file.scenario == SCENARIO


HEAD = "grantline: 1\nname: a\nmodules:\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "empty"),
        ("# nothing\n", 1, 1, "empty"),
        ("- a", 1, 1, "no scenario"),
        ("a: &x 1", 1, 4, "Anchors"),
        ("a: &x [1]\nb: *x", 1, 4, "Anchors"),
        ("&x a: 1", 1, 1, "Anchors"),
        ("a: *x", 1, 4, "Anchors"),
        ("a: !!python/name:os.system x", 1, 4, "Tags"),
        ("a: !include x", 1, 4, "Tags"),
        ("a: ! x", 1, 4, "Tags"),
        ("!!map {a: 1}", 1, 1, "Tags"),
        ("a: 1\nb: 2\na: 3", 3, 1, "a is here twice; first in line 1"),
        ("a: {b: 1, b: 2}", 1, 11, "b is here twice"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("? [a]\n: b", 1, 3, "no text"),
        ("url: {{ 1.data.url }}", 1, 6, 'in quotes: "{{ ... }}"'),
        ("url: {{ 1.data.url }}/x", 1, 6, 'in quotes: "{{ ... }}"'),
        ("name: a: b", 1, 8, "has a colon in it in quotes"),
        ("a:\n\tb: 1", 2, 1, "Indent with spaces"),
        ("a: 'b", 1, 6, "closing quote is missing"),
        ("a: 1\n   b: 2", 2, 5, ""),
        ("a: \x00", 1, 4, "does not allow"),
        ("ok: 1\na: \x1b", 2, 4, "does not allow"),
        ("a: " + "[" * 5000, 1, 104, "nested deeper"),
        ("a: " + "x" * 1_000_000, 1, 1, "larger than 1 MB"),
        ("a: [" + "1,\n" * 30_000 + "]", 20_000, 1, "more than 20000 values"),
        ("a: @x", 1, 4, "special character in quotes"),
    ],
)
def test_what_is_no_file_is_refused_with_line_and_column(
    text: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(MalformedFile) as caught:
        read_yaml(text)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert message in str(caught.value)
    assert caught.value.message.startswith(f"Line {line}: ")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            HEAD + "  - id: 2\n    name: Save\n    make_reqest: {url: /a}\n",
            6,
            "Line 6: Module 2 “Save”, make_reqest: make_reqest is not known here.",
        ),
        (HEAD + "  - id: 2\n    sleep:\n      span: [1]\n", 6, "Line 6: Module 2, sleep.span: "),
        ("name: a\nmodules: []", 1, "Begin the file with the line: grantline: 1"),
        ("grantline: 1\nmodule: []\nname: a", 1, "There is 1 more problem."),
        (HEAD + '  - id: 1\n    set_variables: {a: "\\0"}\n', 5, "holds a NUL character"),
        (HEAD + "  - id: 1\n    set_variables: {a: .nan}\n", 5, "no JSON value"),
        ("grantline: 1\nconnections: [a]\nname: a\nmodules: []", 2, "ids and names"),
    ],
)
def test_a_wrong_field_is_told_with_line_module_and_name(
    text: str, line: int, message: str
) -> None:
    with pytest.raises(MalformedFile) as caught:
        read_file(text)

    assert caught.value.line == line
    assert message in str(caught.value)


def test_all_that_is_wrong_is_told_in_the_order_of_the_file() -> None:
    _, problems = examine(HEAD + "  - id: x\n    slep: {}\n  - sleep: {spam: 1}\nnamed: b\n")

    assert [(each.line, each.column, each.field) for each in problems] == [
        (4, 5, "id"),
        (5, 5, "slep"),
        (6, 5, ""),
        (6, 13, "sleep.spam"),
        (7, 1, "named"),
    ]


@pytest.mark.parametrize("text", ["\0", "a\ud800", "a\n\0b"])
def test_what_no_file_can_hold_is_not_written(text: str) -> None:
    with pytest.raises(InvalidInput, match="no file can hold"):
        write_yaml(variables(value=text))


@pytest.mark.parametrize("value", [float("inf"), float("nan"), b"bytes", {1, 2}])
def test_what_json_does_not_have_is_not_written(value: Any) -> None:
    with pytest.raises(InvalidInput, match="none that JSON has"):
        write_yaml(variables(value=value))


def test_a_number_without_end_is_not_written() -> None:
    with pytest.raises(InvalidInput, match="digits"):
        write_yaml(variables(value=10**5000))


@given(st.text(max_size=200))
@settings(max_examples=300)
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    with suppress(MalformedFile):
        read_yaml(text)


def _value(scenario: Scenario) -> Any:
    does = scenario.modules[0].does
    assert isinstance(does, SetVariables)
    return does.variables[0][1]
