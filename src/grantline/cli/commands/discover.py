"""``grantline discover``: what an issuer publishes about itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from grantline.cli.output import Format, FormatOption, say_fields, say_json
from grantline.cli.running import with_engine
from grantline.cli.words import listed

commands = typer.Typer()


@commands.command(epilog="Example: grantline discover https://accounts.google.com")
def discover(
    issuer: Annotated[str, typer.Argument(help="The issuer's URL.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows an issuer's metadata (RFC 8414, OpenID Connect Discovery)."""
    metadata = asdict(with_engine(lambda engine: engine.discover(issuer)))
    if form is Format.JSON:
        say_json(metadata)
        return
    say_fields((name, _in_words(value)) for name, value in metadata.items() if value)


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return listed(each if isinstance(each, str) else " = ".join(each) for each in value)
    return str(value)
