"""The public names: sorted, complete, importable, and cheap until they are asked for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import grantline
from grantline import errors


def test_the_public_names_are_sorted_and_each_is_there_once() -> None:
    constants_first = sorted(set(grantline.__all__), key=lambda name: (not name.isupper(), name))

    assert grantline.__all__ == constants_first


@pytest.mark.parametrize("name", grantline.__all__)
def test_each_public_name_can_be_imported(name: str) -> None:
    assert getattr(grantline, name) is not None


def test_type_checkers_see_the_same_names() -> None:
    source = ast.parse(Path(grantline.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.asname or alias.name
        for branch in source.body
        if isinstance(branch, ast.If)
        for line in branch.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }

    assert seen == set(grantline.__all__)


def test_every_error_is_public() -> None:
    all_errors = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.GrantlineError)
    }

    assert all_errors <= set(grantline.__all__)


def test_a_name_that_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        grantline.Nothing  # noqa: B018 - the lookup is what is tested


def test_importing_the_package_imports_none_of_its_parts() -> None:
    script = "import sys, grantline; print([n for n in sys.modules if n.startswith('grantline.')])"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "['grantline.version']"
