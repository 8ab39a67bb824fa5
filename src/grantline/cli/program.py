"""The tree of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from grantline.cli.commands import (
    app,
    credential,
    demo,
    discover,
    doctor,
    notify,
    provider,
    request,
    serve,
    token,
)
from grantline.cli.commands.connection import authorize, change, create, look
from grantline.cli.commands.keeping import backup, keys, resume
from grantline.cli.commands.scenario import file, run, scenario
from grantline.version import __version__

program = typer.Typer(
    help="Keeps OAuth 2.0 connections and makes HTTP requests with them.",
    epilog="Start here: grantline demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
connections = typer.Typer(no_args_is_help=True)
scenarios = typer.Typer(no_args_is_help=True)

for module in (create, authorize, look, change):
    connections.add_typer(module.commands)
program.add_typer(
    connections, name="connection", help="Create, authorize, look at and change connections."
)
program.add_typer(
    credential.commands, name="credential", help="Keys, passwords, certificates and proxies."
)
for module in (run, file, scenario):
    scenarios.add_typer(module.commands)
program.add_typer(scenarios, name="scenario", help="Run, check, keep, export and import scenarios.")
program.add_typer(
    notify.commands, name="notify", help="Who is told of failing runs and dead connections."
)
program.add_typer(app.commands, name="app", help="The client registrations behind connections.")
program.add_typer(keys.commands, name="keys", help="The master keys of the stored secrets.")
program.add_typer(provider.commands, name="provider", help="The catalogue of known services.")
for module in (request, token, doctor, backup, resume, discover, serve, demo):
    program.add_typer(module.commands)


@program.callback()
def grantline(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Keeps OAuth 2.0 connections and makes HTTP requests with them."""
    if version:
        print(f"grantline {__version__}")
        raise typer.Exit
