"""docs/mapping.md: every filter and test is there, and every example gives what the page says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from grantline.calls.expressions import fill
from grantline.calls.expressions.filters import FILTERS, TESTS

PAGE = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text(encoding="utf-8")
CELL = re.compile(r"(?<!\\)\|")


class Row(NamedTuple):
    usage: str
    says: str
    example: str
    result: str


def rows(heading: str) -> Iterator[Row]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith(("| filter", "| test", "| ---")):
            cells = [cell.strip().replace("\\|", "|") for cell in CELL.split(line)[1:-1]]
            yield Row(*(cell.removeprefix("`").removesuffix("`") for cell in cells))


def names() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PAGE.partition("```json\n")[2].partition("```")[0])
    return found


def test_the_page_shows_every_filter_and_test_as_it_is_called() -> None:
    assert [row.usage for row in rows("Filters") if row.usage] == [
        f.usage for f in FILTERS.values()
    ]
    assert [row.usage for row in rows("Tests") if row.usage] == [t.usage for t in TESTS.values()]


def test_the_page_says_what_each_is_for() -> None:
    assert [
        row.usage for row in (*rows("Filters"), *rows("Tests")) if row.usage and not row.says
    ] == []


@pytest.mark.parametrize("row", [*rows("Filters"), *rows("Tests")], ids=lambda row: row.example)
def test_each_example_gives_what_the_page_says(row: Row) -> None:
    filled = fill(f"{{{{ {row.example} }}}}", names())

    assert json.dumps(filled) == json.dumps(json.loads(row.result))


@pytest.mark.parametrize("name", [*FILTERS, *TESTS])
def test_each_name_has_an_example_of_its_own(name: str) -> None:
    examples = " ".join(row.example for row in (*rows("Filters"), *rows("Tests")))

    assert re.search(rf"(\||is|is not) {name}\b", examples)
