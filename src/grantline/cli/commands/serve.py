"""``grantline serve``: the web app, one process, until it is told to stop."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from grantline.cli.output import note, say

if TYPE_CHECKING:
    from grantline.server.run import Serving

commands = typer.Typer()


@commands.command(epilog="Example: grantline serve --demo --open")
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")
    ] = 8080,
    demo: Annotated[
        bool, typer.Option("--demo", help="Add a bundled service, to try everything with.")
    ] = False,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser.")
    ] = False,
) -> None:
    """Serves the web app, on this machine only unless told otherwise."""
    import asyncio
    import os

    from grantline.cli.errors import DEBUG_VARIABLE
    from grantline.server.run import serve as run

    def on_ready(serving: Serving) -> None:
        gc.freeze()
        gc.set_threshold(700)  # as Python begins with
        _greet(serving)
        if open_browser:
            typer.launch(serving.settings.public_url)

    environment = {name: value for name, value in os.environ.items() if name != DEBUG_VARIABLE}
    asyncio.run(run(environment, host=host, port=port, demo=demo, on_ready=on_ready))


def _greet(serving: Serving) -> None:
    settings = serving.settings
    for notice in serving.notices:
        note(notice)
    say(f"Grantline is at {settings.public_url}")
    if settings.demo is not None:
        say(f"A demo service is at {settings.demo.issuer}; it forgets everything when it stops.")
    if settings.setup_token is not None:
        say(f"Set-up code for the first visit: {settings.setup_token.reveal()}")
    say("Stop with Ctrl-C.")
    sys.stdout.flush()  # whoever started us through a pipe waits for the address
