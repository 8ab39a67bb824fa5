"""``grantline token``: a bare access token for scripts, when nothing else will do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from grantline.cli.commands.connection.look import NameArgument
from grantline.cli.running import with_engine
from grantline.cli.words import parse_span

if TYPE_CHECKING:
    from grantline.connections.engine import Engine
    from grantline.secret import Secret

commands = typer.Typer()


@commands.command(epilog="Example: grantline token google --min-ttl 60s")
def token(
    name: NameArgument,
    *,
    min_ttl: Annotated[
        str, typer.Option(help="How long the token must still live: 60s, 5m.")
    ] = "0s",
    audience: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Trades it for a token for this service (RFC 8693); may be repeated.",
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE", help="Trades it for a token with this scope; may be repeated."
        ),
    ] = None,
) -> None:
    """Prints an access token and nothing else. The last resort: prefer grantline request.

    Whoever holds the token can use it anywhere until it ends, and nothing renews it there.
    """
    span = parse_span(min_ttl, field="--min-ttl")

    async def work(engine: Engine) -> Secret:
        from grantline.connections.engine import LOCAL

        found = await engine.find(LOCAL, name)
        if audience or scope:
            return await engine.exchange_token(
                LOCAL, found.id, audiences=tuple(audience or ()), scopes=tuple(scope or ())
            )
        return await engine.token(LOCAL, found.id, min_ttl=span)

    print(with_engine(work).reveal())
