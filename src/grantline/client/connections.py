"""All connections of an installation, for code that waits."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from grantline.client.async_connection import AsyncConnection
from grantline.client.async_connections import AsyncConnections
from grantline.client.connection import Connection
from grantline.client.connection_fields import ConnectionFields
from grantline.client.pending import Pending
from grantline.client.portal import Portal
from grantline.client.requester import Requester
from grantline.connections.doctor.verify import Verification
from grantline.connections.engine import Deleted
from grantline.connections.manage import Edited
from grantline.connections.settings import Settings

if TYPE_CHECKING:
    from grantline.client.scenarios import Scenarios


class Connections:
    """The connections that are kept in one database; any thread may use them.

    Use ``Connections.open()``, with or without ``with``: what is not closed closes with the
    interpreter. Everything is as in ``AsyncConnections``, which runs on a thread of its own here.
    """

    def __init__(self, twin: AsyncConnections) -> None:
        self._portal = Portal()
        try:
            self._twin = self._portal.hold(twin)
        except BaseException:
            self._portal.close()
            raise

    @classmethod
    def open(
        cls,
        url: str | None = None,
        *,
        settings: Settings | None = None,
        background: bool = False,
    ) -> Self:
        """The connections in a database; see ``AsyncConnections.open``."""
        return cls(AsyncConnections.open(url, settings=settings, background=background))

    @property
    def notices(self) -> tuple[str, ...]:
        """What happened on opening that a person must hear of, such as a key that was made."""
        return self._twin.notices

    def get(
        self, name: str, *, certificate: str = "", authority: str = "", proxy: str = ""
    ) -> Connection:
        """The connection with this name or id; see ``AsyncConnections.get``."""
        return self._waiting(
            self._portal.call(
                self._twin.get, name, certificate=certificate, authority=authority, proxy=proxy
            )
        )

    def credential(
        self, name: str = "", *, certificate: str = "", authority: str = "", proxy: str = ""
    ) -> Requester:
        """Requests with a credential in place of a connection; see ``AsyncConnections``."""
        twin = self._portal.call(
            self._twin.credential, name, certificate=certificate, authority=authority, proxy=proxy
        )
        return Requester(twin, self._portal)

    def list(self) -> builtins.list[Connection]:
        """All connections, by name."""
        return [self._waiting(each) for each in self._portal.call(self._twin.list)]

    def create(
        self, name: str, *, app: str = "", provider: str = "", **fields: Unpack[ConnectionFields]
    ) -> Connection:
        """A new connection; see ``AsyncConnections.create``."""
        return self._waiting(
            self._portal.call(self._twin.create, name, app=app, provider=provider, **fields)
        )

    def edit(
        self, name: str, *, new_name: str | None = None, **fields: Unpack[ConnectionFields]
    ) -> Edited:
        """The connection after the edit, and its price; see ``AsyncConnections.edit``."""
        return self._portal.call(self._twin.edit, name, new_name=new_name, **fields)

    @contextmanager
    def authorize(
        self,
        name: str,
        scopes: str | Iterable[str] | None = None,
        *,
        device: bool = False,
        open_browser: bool = False,
        port: int = 0,
    ) -> Iterator[Pending]:
        """An authorization that is begun, for ``with``; see ``AsyncConnections.authorize``."""
        begun = self._twin.authorize(
            name, scopes, device=device, open_browser=open_browser, port=port
        )
        with self._portal.entered(begun) as pending:
            yield Pending(pending, self._portal)

    @property
    def scenarios(self) -> Scenarios:
        """Scenarios: run, kept, in files; see ``AsyncConnections.scenarios``."""
        from grantline.client.scenarios import Scenarios  # noqa: PLC0415 - few programs need it

        return Scenarios(self._twin.scenarios, self._portal)

    def verify(self, name: str) -> Verification:
        """Whether the connection works, asked of the service itself."""
        return self._portal.call(self._twin.verify, name)

    def delete(self, name: str) -> Deleted:
        """What became of the grant: a connection is deleted here, and revoked at the service."""
        return self._portal.call(self._twin.delete, name)

    def close(self) -> None:
        """Lets refreshes under way be saved, then closes. Closing again does nothing."""
        self._portal.close()

    def _waiting(self, connection: AsyncConnection) -> Connection:
        return Connection(connection, self._portal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
