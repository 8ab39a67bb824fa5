"""The whole examination: the installation, and its connections, those in trouble first.

``doctor`` tells what fails by what is known here. This asks the services too, and tells what may
fail later, what costs safety, and what people run into with the service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from grantline.connections.apps.pinning import moved_endpoints
from grantline.connections.connection import Actor, Connection
from grantline.connections.consent.consents import redirect_uri
from grantline.connections.context import Context
from grantline.connections.doctor.diagnosis import Diagnosis, Facts, Severity, is_well, weight
from grantline.connections.doctor.examine import look_at
from grantline.connections.doctor.host_causes import host_of, service_origins
from grantline.connections.doctor.installation_causes import installation_causes
from grantline.connections.doctor.probe import Probe, Prober
from grantline.connections.doctor.standing_causes import standing_causes
from grantline.connections.keeping.master_keys import key_statuses
from grantline.connections.manage import Manager
from grantline.connections.renewal.spool import Spool
from grantline.connections.requests.saved_requests import SavedRequests
from grantline.connections.state import State
from grantline.oauth.app.settings import AppSettings

# More saved requests of one connection than anybody writes by hand.
_MOST_REQUESTS: Final = 500
_AT_ONCE: Final = 8
_FIRST: Final = (
    State.REAUTHORIZATION_REQUIRED,
    State.FAILING,
    State.EXPIRING,
    State.AUTHORIZED,
    State.DRAFT,
)


@dataclass(frozen=True, slots=True)
class Examined:
    """One connection and what was found, the weightiest first."""

    connection: Connection
    found: tuple[Diagnosis, ...]


@dataclass(frozen=True, slots=True)
class Checkup:
    """What an examination found.

    Attributes:
        installation: Of keys, database and public URL.
        connections: Those that were examined, the worst first.
        left_out: How many were not.
    """

    installation: tuple[Diagnosis, ...]
    connections: tuple[Examined, ...] = ()
    left_out: int = 0

    @property
    def is_well(self) -> bool:
        """Whether nothing that was found asks for anything."""
        return is_well(self.installation) and all(is_well(each.found) for each in self.connections)


class Doctor:
    """Examines connections and the installation they are in."""

    def __init__(
        self, context: Context, manage: Manager, requests: SavedRequests, spool: Spool
    ) -> None:
        self._context = context
        self._manage = manage
        self._requests = requests
        self._spool = spool

    async def installation(self) -> tuple[Diagnosis, ...]:
        """What is wrong with keys and database; about all workspaces, so it is the operator's."""
        context = self._context
        statuses, damaged = await context.stored(key_statuses, context.store, context.vault)
        waiting = await context.stored(self._spool.waiting, context.database_id)
        return tuple(installation_causes(statuses, damaged, await context.quarantined(), waiting))

    async def connections(
        self, actor: Actor, *, at_most: int, asks: bool = True, public_url: str = ""
    ) -> tuple[tuple[Examined, ...], int]:
        """The connections examined, the worst first, and how many were not.

        Args:
            actor: Who asks.
            at_most: How many to examine; those in trouble come first.
            asks: Whether to ask the services.
            public_url: The origin at which browsers reach this installation; empty if unknown.
        """
        by_name = await self._manage.connections(actor)
        every = sorted(by_name, key=lambda each: _FIRST.index(each.state))
        prober, gate = Prober(self._context), asyncio.Semaphore(_AT_ONCE)

        async def one(connection: Connection) -> Examined:
            async with gate:
                return await self._examined(actor, connection, prober if asks else None, public_url)

        examined = await asyncio.gather(*(one(each) for each in every[:at_most]))
        return tuple(sorted(examined, key=lambda each: weight(each.found))), len(every[at_most:])

    async def examine(
        self, actor: Actor, connection: Connection, *, asks: bool = True, public_url: str = ""
    ) -> tuple[Diagnosis, ...]:
        """What is found of one connection, the weightiest first. Arguments as ``connections``."""
        prober = Prober(self._context) if asks else None
        return (await self._examined(actor, connection, prober, public_url)).found

    async def _examined(
        self, actor: Actor, connection: Connection, prober: Prober | None, public_url: str
    ) -> Examined:
        seen = await look_at(self._context, actor, connection)
        settings, ours = seen.facts.settings, ""
        if public_url or settings.redirect_uri:
            ours = redirect_uri(settings, public_url)
        facts = replace(
            seen.facts,
            next_redirect_uri=ours,
            public_redirect_uri=_public(seen.facts, public_url),
            asked_hosts=await self._asked_hosts(actor, connection),
        )
        if prober is not None:
            facts = _with_answers(facts, await prober.ask(service_origins(settings)))
            if not facts.unreached:
                facts = replace(facts, moved=await _moved(prober, settings))
        failing = replace(seen, facts=facts).failing()
        explained = any(each.severity is Severity.ERROR for each in failing)
        if connection.state is State.FAILING and not explained:
            facts = replace(facts, trouble=connection.explanation)
        told = {each.code for each in failing}
        standing = [each for each in standing_causes(facts) if each.code not in told]
        found = sorted((*failing, *standing), key=lambda each: weight([each]))
        return Examined(connection, tuple(found))

    async def _asked_hosts(
        self, actor: Actor, connection: Connection
    ) -> tuple[tuple[str, str], ...]:
        page = await self._requests.page(actor, connection_id=connection.id, limit=_MOST_REQUESTS)
        asked = ((each.name, host_of(each.url)) for each in page.rows)
        return tuple((name, host) for name, host in asked if host)


async def _moved(prober: Prober, settings: AppSettings) -> tuple[tuple[str, str], ...]:
    """Where the issuer of an app says that its endpoints are now."""
    if not settings.issuer:
        return ()
    metadata = await prober.published(settings.issuer)
    return tuple(moved_endpoints(settings, metadata).items()) if metadata else ()


def _public(facts: Facts, public_url: str) -> str:
    """Where consent comes back by the public URL."""
    if not public_url:
        return ""
    return redirect_uri(replace(facts.settings, redirect_uri=""), public_url)


def _with_answers(facts: Facts, answers: Sequence[Probe]) -> Facts:
    """``facts`` with what the servers said just now, in place of what was said some time ago."""
    apart = [each.ahead for each in answers if each.ahead is not None]
    return replace(
        facts,
        server_ahead=max(apart, key=abs) if apart else None,
        unreached=tuple((each.host, each.error) for each in answers if each.error is not None),
    )
