"""The tree of commands."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, Final

import typer

from grantline.version import __version__

# The groups: their modules and what they are for.
_GROUPS: Final = {
    "connection": (
        tuple(f"connection.{each}" for each in ("create", "authorize", "look", "change")),
        "Create, authorize, look at and change connections.",
    ),
    "credential": (("credential",), "Keys, passwords, certificates and proxies."),
    "scenario": (
        tuple(f"scenario.{each}" for each in ("run", "file", "scenario")),
        "Run, check, keep, export and import scenarios.",
    ),
    "notify": (("notify",), "Who is told of failing runs and dead connections."),
    "app": (("app",), "The client registrations behind connections."),
    "keys": (("keeping.keys",), "The master keys of the stored secrets."),
    "provider": (("provider",), "The catalogue of known services."),
}
# The commands that are in no group, and the modules that have them.
_COMMANDS: Final = {
    "request": "request",
    "token": "token",
    "doctor": "doctor",
    "backup": "keeping.backup",
    "restore": "keeping.backup",
    "resume": "keeping.resume",
    "discover": "discover",
    "serve": "serve",
    "demo": "demo",
}


def program(first: str = "") -> Any:
    """The command ``grantline``; with a ``first`` word only as much of it as that one needs.

    A third of the time until a command does something would be the import of all the others.
    """
    root = typer.Typer(
        help="Keeps OAuth 2.0 connections and makes HTTP requests with them.",
        epilog="Start here: grantline demo",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    root.callback()(_grantline)
    known = first in _GROUPS or first in _COMMANDS
    for name, (modules, text) in _GROUPS.items():
        if not known or name == first:
            group = typer.Typer(no_args_is_help=True)
            for module in modules:
                group.add_typer(_commands_of(module))
            root.add_typer(group, name=name, help=text)
    wanted = (_COMMANDS[first],) if first in _COMMANDS else () if known else _COMMANDS.values()
    for module in dict.fromkeys(wanted):
        root.add_typer(_commands_of(module))
    command = typer.main.get_command(root)
    _reword_help(command)
    return command


def _reword_help(command: Any) -> None:
    """Has arguments be called NAME as in the documentation, and switches take no ``<bool>``."""
    for each in command.get_params(typer.Context(command)):
        if getattr(each, "is_bool_flag", False):
            each.metavar = ""
        elif each.param_type_name == "argument" and each.metavar is None:
            each.metavar = each.name.upper()
    for each in getattr(command, "commands", {}).values():
        _reword_help(each)


def _commands_of(module: str) -> typer.Typer:
    commands: typer.Typer = import_module(f"grantline.cli.commands.{module}").commands
    return commands


def _grantline(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Keeps OAuth 2.0 connections and makes HTTP requests with them."""
    if version:
        print(f"grantline {__version__}")
        raise typer.Exit
