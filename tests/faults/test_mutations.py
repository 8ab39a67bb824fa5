"""The list of deliberate breaks is about the code as it is; ``make mutations`` applies them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.processes.conftest import ROOT

LIST = Path(__file__).with_name("mutations.toml")
MUTATIONS: list[dict[str, Any]] = tomllib.loads(LIST.read_text("utf-8"))["mutation"]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: str(each["step"]))
def test_what_is_to_be_broken_is_there_once_and_so_is_its_test(mutation: dict[str, Any]) -> None:
    source = (ROOT / "src" / "grantline" / mutation["file"]).read_text("utf-8")
    assert source.count(mutation["old"]) == 1
    file, _, name = mutation["test"].partition("::")
    assert f"def {name}" in (ROOT / file).read_text("utf-8")
