"""The page about scenarios: its files are files, and every name that a file may hold is there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.pagination import Pagination
from grantline.scenarios.definition.check import MOST_LEVELS, MOST_MODULES, check_scenario
from grantline.scenarios.definition.modules import (
    KINDS,
    Aggregate,
    DownloadFile,
    Module,
    OnError,
    Part,
)
from grantline.scenarios.definition.plain_call import CALL_KEYS
from grantline.scenarios.definition.scenario import Bounds, Input, Scenario
from grantline.scenarios.definition.tables import key_of
from grantline.scenarios.definition.yaml_file import read_yaml, write_yaml
from grantline.scenarios.definition.yaml_reading import MOST_VALUES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scenarios.md").read_text(encoding="utf-8")
FILES = [
    text
    for page in sorted(DOCS.rglob("*.md"))
    for text in re.findall(
        r"^```yaml\n(grantline: 1\n.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
]
_EXAMPLES = sorted((DOCS / "examples" / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("text", FILES)
def test_every_file_on_a_page_is_one_that_can_run(text: str) -> None:
    scenario = read_yaml(text)

    assert check_scenario(scenario) == ()
    assert write_yaml(scenario) == text


@pytest.mark.parametrize("path", _EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_written_as_grantline_writes_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert check_scenario(read_yaml(text)) == ()
    assert read_yaml(write_yaml(read_yaml(text))) == read_yaml(text)


def test_the_page_shows_a_whole_scenario_in_its_first_lines() -> None:
    assert "grantline: 1" in "\n".join(PAGE.splitlines()[:16])
    assert FILES


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_module_is_documented(kind: str) -> None:
    assert f"| `{kind}` |" in PAGE


@pytest.mark.parametrize("of", [Scenario, Module, OnError, Input, Bounds, DownloadFile, Aggregate])
def test_every_name_in_a_file_is_documented(of: type) -> None:
    names = {key_of(each.name) for each in fields(of)} - {"does", "call"}

    assert [each for each in sorted(names) if f"`{each}`" not in PAGE] == []


def test_every_name_of_a_request_is_documented() -> None:
    below = {key_of(each.name) for of in (RetryPolicy, Pagination) for each in fields(of)}

    assert {each.name for each in fields(Part)} == {"name", "value", "filename", "media_type"}
    assert [each for each in sorted({*CALL_KEYS, *below}) if f"`{each}`" not in PAGE] == []


def test_the_page_says_the_limits_that_there_are() -> None:
    assert f"{MOST_VALUES:,} values" in PAGE
    assert f"up to {MOST_MODULES} modules" in PAGE
    assert f"up to {MOST_LEVELS} levels" in PAGE
