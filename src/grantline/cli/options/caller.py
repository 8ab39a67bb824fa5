"""As whom a request is made: a connection, a credential, or nobody; and what goes with either."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from grantline.connections.credentials.credential import CredentialIds
    from grantline.connections.engine import Engine

KEPT: Final = "What is kept as a credential"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerOptions:
    """Connection and credentials, by name or id."""

    connection: Annotated[
        str | None, typer.Option("--connection", "-c", help="Name or id of the connection.")
    ] = None
    credential: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="An API key, or a user name and password, in place of a connection.",
            rich_help_panel=KEPT,
        ),
    ] = None
    certificate: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A client certificate.", rich_help_panel=KEPT),
    ] = None
    authority: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Certificate authorities to trust as well.", rich_help_panel=KEPT
        ),
    ] = None
    proxy: Annotated[
        str | None, typer.Option(metavar="NAME", help="A proxy.", rich_help_panel=KEPT)
    ] = None

    async def ids(self, engine: Engine) -> tuple[str | None, CredentialIds]:
        """The id of the connection, and those of the credentials.

        Raises:
            NotFound: One of them is not there.
            InvalidInput: A credential is of another kind.
        """
        from grantline.connections.engine import LOCAL

        given = {name: value for name, value in asdict(self).items() if value}
        connection = given.pop("connection", None)
        found = await engine.find(LOCAL, connection) if connection else None
        ids = await engine.credentials.ids(LOCAL, given)
        return (found.id if found else None), ids
