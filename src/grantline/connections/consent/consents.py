"""Consent as the web app asks for it: one public address, and pages that wait for the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from grantline.connections.connection import Actor
from grantline.connections.consent.authorize import Authorizer, Begun
from grantline.connections.consent.callback_path import callback_path
from grantline.connections.context import Context, fingerprint
from grantline.connections.state import State
from grantline.errors import ConnectionNotFound, GrantlineError
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.authorization.callback import presented_state
from grantline.store.records.connections import PendingAuthorization

FAILED: Final = "connection.authorization_failed"
ACCOUNT_CHANGED: Final = "connection.account_changed"
_RECENT: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What became of a callback.

    Attributes:
        connection_id: Which connection it was about; empty when nobody can tell.
        error: Why it was not authorized; None when it was.
    """

    connection_id: str
    error: GrantlineError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingConsent:
    """A consent that was begun and can still be answered."""

    connection_id: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a consent is.

    Attributes:
        generation: Larger than before once it was given.
        failure: ``code``, ``message`` and ``hint`` of the last failure; None when there is none.
    """

    generation: int
    state: State
    failure: Mapping[str, Any] | None


def redirect_uri(settings: AppSettings, public_url: str) -> str:
    """The URI to register at the service: the app's own, or the one of this installation."""
    return settings.redirect_uri or public_url.rstrip("/") + callback_path(settings)


class Consents:
    """Begins and completes consents for pages; failures are values, and are kept."""

    def __init__(self, context: Context, authorizer: Authorizer) -> None:
        self._context = context
        self._authorizer = authorizer

    async def begin(
        self,
        actor: Actor,
        connection_id: str,
        *,
        public_url: str,
        binding: str,
        scopes: tuple[str, ...] | None = None,
        any_account: bool = False,
    ) -> Begun:
        """The URL at which a person consents; arguments as ``Authorizer.begin``."""
        holding = await self._context.hold(actor, connection_id)
        return await self._authorizer.begin(
            actor,
            connection_id,
            redirect_uri=redirect_uri(holding.app_settings, public_url),
            binding=binding,
            scopes=scopes,
            any_account=any_account,
        )

    async def complete(
        self, actor: Actor, answer: str, *, binding: str, context_digest: str | None = None
    ) -> Completed:
        """What became of a callback; arguments as ``Authorizer.complete``.

        A failure, and a change of the account, go into the connection's history.
        """
        pending = await self._pending_of(actor, answer)
        before = await self._label(actor, pending)
        try:
            connection_id = await self._authorizer.complete(
                actor, answer, binding=binding, context_digest=context_digest
            )
        except GrantlineError as error:
            if pending is None:
                return Completed(connection_id="", error=error)
            told = {"code": error.code, "message": error.message, "hint": error.hint}
            await self._note(actor, FAILED, pending.connection_id, told)
            return Completed(connection_id=pending.connection_id, error=error)
        after = await self._label(actor, pending)
        if before and after and before != after:
            told = {"before": before, "after": after}
            await self._note(actor, ACCOUNT_CHANGED, connection_id, told)
        return Completed(connection_id=connection_id)

    async def pending(self, actor: Actor) -> tuple[PendingConsent, ...]:
        """The consents that wait for this person, newest first."""
        context = self._context
        found = await context.stored(
            context.store.list_pending, actor.workspace, actor.user, context.clock.now()
        )
        return tuple(
            PendingConsent(
                connection_id=each.connection_id,
                created_at=each.created_at,
                expires_at=each.expires_at,
            )
            for each in found
        )

    async def progress(self, actor: Actor, connection_id: str, *, since: datetime) -> Progress:
        """How far the consent of a connection is, with a failure only if it came after ``since``.

        Raises:
            ConnectionNotFound: There is no such connection.
        """
        context = self._context
        seen = await context.stored(context.store.glance, actor.workspace, connection_id)
        events = await context.stored(
            context.store.list_events, actor.workspace, connection_id, _RECENT
        )
        failures = (each.data for each in events if each.kind == FAILED and each.at >= since)
        return Progress(
            generation=seen.generation, state=State(seen.state), failure=next(failures, None)
        )

    async def _pending_of(self, actor: Actor, answer: str) -> PendingAuthorization | None:
        """The consent that ``answer`` claims to be for, when it is one of this person's."""
        state = presented_state(answer)
        if state is None:
            return None
        found = await self._context.stored(
            self._context.store.find_pending, fingerprint(state.reveal())
        )
        own = found is not None and actor == Actor(found.workspace, found.owner)
        return found if own else None

    async def _label(self, actor: Actor, pending: PendingAuthorization | None) -> str:
        if pending is None:
            return ""
        store = self._context.store
        try:
            record = await self._context.stored(
                store.load_connection, actor.workspace, pending.connection_id
            )
        except ConnectionNotFound:
            return ""
        return record.account_label

    async def _note(self, actor: Actor, kind: str, subject: str, data: dict[str, str]) -> None:
        context = self._context
        await context.stored(context.store.add_event, context.event(actor, kind, subject, data))
