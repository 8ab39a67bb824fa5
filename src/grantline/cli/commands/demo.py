"""``grantline demo``: the whole life of a connection in a few seconds, on this machine alone."""

from __future__ import annotations

import typer

commands = typer.Typer()


@commands.command(epilog="Example: grantline demo")
def demo() -> None:
    """Connects, calls, refreshes, edits and deletes, with a bundled service; no account needed."""
    from grantline.cli.commands.demo_tour import run_tour

    run_tour()
