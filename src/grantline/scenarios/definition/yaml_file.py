"""A scenario as one readable YAML file, there and back without loss.

Comments of a file do not survive an edit in the page; the notes of scenario and modules do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from grantline.errors import MalformedFile
from grantline.scenarios.definition.plain import (
    FORMAT,
    malformed,
    problem_at,
    read_plain,
    scenario_to_plain,
)
from grantline.scenarios.definition.problem import PlainPath, Problem, path_text
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.yaml_reading import Mark, read_plain_file
from grantline.scenarios.definition.yaml_writing import write_plain

CONNECTIONS: Final = "connections"
CREDENTIALS: Final = "credentials"
# Tables that a person reads line by line, however short they are.
_BLOCK: Final = ("make_request", "download_file", "retrieve_headers", "respond", "router")
_BLOCK_LISTS: Final = ("modules", "branches", "inputs", CONNECTIONS, CREDENTIALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFile:
    """What a file says.

    Attributes:
        connections: Names of the connections that modules refer to, by id, as they were where the
            file was written.
        credentials: The same of credentials.
        marks: Where in the file each value of its plain form is.
    """

    scenario: Scenario
    connections: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[PlainPath, Mark] = field(default_factory=dict, repr=False, compare=False)

    def located(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """``problems`` with their lines."""
        return located(problems, self.marks)


def write_yaml(
    scenario: Scenario,
    *,
    connections: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
) -> str:
    """``scenario`` as the text of a file; equal scenarios give equal texts.

    Args:
        scenario: What to write.
        connections: Names of connections by id, for people who import the file elsewhere.
        credentials: Names of credentials by id.

    Raises:
        InvalidInput: It holds what no file can hold, such as a NUL character.
    """
    plain = scenario_to_plain(scenario)
    modules = plain.pop("modules")
    names = {CONNECTIONS: dict(connections or {}), CREDENTIALS: dict(credentials or {})}
    plain |= {section: table for section, table in names.items() if table}
    head = write_plain(plain, block=(*_BLOCK, *_BLOCK_LISTS))
    parts = [
        write_plain({"modules": [each]}, block=(*_BLOCK, *_BLOCK_LISTS)).partition("\n")[2]
        for each in modules
    ]
    return f"{head}\nmodules:\n" + "\n".join(parts) if parts else f"{head}\nmodules: []\n"


def read_yaml(text: str) -> Scenario:
    """The scenario that a file describes.

    Raises:
        MalformedFile: Something in it cannot be read; names line, module and field.
    """
    return read_file(text).scenario


def read_file(text: str) -> ScenarioFile:
    """All that a file says.

    Raises:
        MalformedFile: As ``read_yaml``.
    """
    file, problems = examine(text)
    if problems:
        first = problems[0]
        error = malformed(problems)
        raise MalformedFile(
            error.message,
            line=first.line or 1,
            column=first.column or 1,
            field=path_text(first.path) or "file",
            hint=error.hint,
        )
    return file


def examine(text: str) -> tuple[ScenarioFile, tuple[Problem, ...]]:
    """What a file says as far as it can be read, and all that cannot, with lines.

    Raises:
        MalformedFile: It is no YAML, so that nothing in it can be told from anything else.
    """
    plain_file = read_plain_file(text)
    plain, marks = plain_file.value, plain_file.marks
    if not isinstance(plain, dict):
        raise MalformedFile(
            "This is no scenario: a file is a table of names and values.",
            line=1,
            hint="Begin with the line: grantline: 1",
        )
    problems: list[Problem] = []
    if FORMAT not in plain:
        problems.append(
            problem_at(
                plain,
                (),
                "The version of the format is missing.",
                "Begin the file with the line: grantline: 1",
            )
        )
    names = {
        section: _names(plain, section, problems)
        for section in (CONNECTIONS, CREDENTIALS)
        if section in plain
    }
    scenario, found = read_plain({key: each for key, each in plain.items() if key not in names})
    file = ScenarioFile(scenario=scenario, marks=marks, **names)
    return file, located((*problems, *found), marks)


def located(problems: Iterable[Problem], marks: Mapping[PlainPath, Mark]) -> tuple[Problem, ...]:
    """``problems`` with the lines of their places, in the order of the file."""
    placed = []
    for each in problems:
        path = each.path
        while path and path not in marks:
            path = path[:-1]
        mark = marks.get(path, Mark(1, 1))
        placed.append(replace(each, line=mark.line, column=mark.column))
    return tuple(sorted(placed, key=lambda each: (each.line or 0, each.column or 0)))


def _names(plain: Mapping[str, Any], section: str, problems: list[Problem]) -> dict[str, str]:
    table = plain[section]
    if isinstance(table, dict) and all(isinstance(each, str) for each in table.values()):
        return table
    problems.append(
        problem_at(plain, (section,), "This is no table of ids and names.", "Write: con_...: name")
    )
    return {}
