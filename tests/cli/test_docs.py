"""The page about the command line names everything that there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grantline import errors as tree
from grantline.cli import errors
from grantline.cli.main import status_of
from grantline.cli.program import program
from grantline.connections.settings import OF_THE_COMMAND_LINE, VARIABLES

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(command: Any = None, path: str = "grantline") -> Iterator[tuple[str, Any]]:
    """Every command with its path."""
    command = command or program()
    found = getattr(command, "commands", None)
    if found is None:
        yield path, command
    for name, each in (found or {}).items():
        yield from commands(each, f"{path} {name}")


def error_classes(root: type[tree.GrantlineError] = tree.GrantlineError) -> Iterator[type[Any]]:
    yield root
    for each in root.__subclasses__():
        yield from error_classes(each)


@pytest.mark.parametrize("path", [path for path, _ in commands()])
def test_every_command_is_documented(path: str) -> None:
    assert f"`{path}" in PAGE


def test_every_option_is_documented() -> None:
    options = {
        option
        for _, command in commands()
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.hidden
        for option in (*parameter.opts, *parameter.secondary_opts)
    }

    assert [each for each in sorted(options) if not re.search(rf"`{each}[ `]", PAGE)] == []


def test_every_command_shows_an_example() -> None:
    silent = [path for path, each in commands() if path not in (each.epilog or "")]

    assert silent == []


def test_help_speaks_as_the_page_does(capsys: pytest.CaptureFixture[str]) -> None:
    """Of arguments by the names in the table, and of switches as taking no value."""
    assert status_of(["connection", "create", "--help"]) == 0

    shown = capsys.readouterr().out
    assert "{NAME}" in shown
    assert "<bool>" not in shown


def test_every_exit_status_is_documented() -> None:
    statuses = {each.exit_code for each in error_classes()}
    statuses |= {
        value for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)
    }
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)}

    assert listed == statuses


@pytest.mark.parametrize("name", [*VARIABLES, *OF_THE_COMMAND_LINE])
def test_every_variable_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_every_field_of_json_is_documented() -> None:
    source = (Path(errors.__file__).parent / "views.py").read_text(encoding="utf-8")
    fields = set(re.findall(r'^        "(\w+)":', source, flags=re.MULTILINE))

    assert [each for each in sorted(fields) if f"`{each}`" not in PAGE] == []
