"""The engine as the faces use it: one object, one door to every room."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self, Unpack

from grantline.calls.answers.response import Response
from grantline.calls.answers.response_stream import ResponseStream
from grantline.calls.bodies.upload import Upload
from grantline.calls.request import RequestSpec
from grantline.connections.apps.discovery import discover
from grantline.connections.apps.registration import Registrar
from grantline.connections.connection import Actor, Connection
from grantline.connections.consent.authorize import Authorizer
from grantline.connections.consent.consents import Consents
from grantline.connections.consent.device import DeviceAuthorizer
from grantline.connections.context import Context
from grantline.connections.credentials.authentication import RequestCredential
from grantline.connections.credentials.credential import NO_CREDENTIALS, CredentialIds
from grantline.connections.credentials.credential_rows import NOTHING
from grantline.connections.credentials.manage_credentials import CredentialManager
from grantline.connections.doctor.checkup import Doctor
from grantline.connections.doctor.diagnosis import Diagnosis
from grantline.connections.doctor.examine import examine
from grantline.connections.doctor.verify import Verification, verify
from grantline.connections.exchange import transcript
from grantline.connections.listing import Listing
from grantline.connections.manage import Manager
from grantline.connections.renewal.background import Background
from grantline.connections.renewal.holding import Holding
from grantline.connections.renewal.leasing import Leasing
from grantline.connections.renewal.refresh import AT_ONCE, Refresher
from grantline.connections.renewal.schedule import LEASE_SPAN
from grantline.connections.renewal.spool import Spool
from grantline.connections.renewal.tokens import Tokens
from grantline.connections.renewal.unsaved import Unsaved
from grantline.connections.renewal.waiting import Waiting
from grantline.connections.requests.arrival import Choose, Progress
from grantline.connections.requests.attempts import Attempts
from grantline.connections.requests.download import Downloaded, Downloader
from grantline.connections.requests.errand import Errand, How
from grantline.connections.requests.making import Made, Maker
from grantline.connections.requests.pages import ItemsPage, Pages
from grantline.connections.requests.perform import Performer
from grantline.connections.requests.resolve import Resolved, resolve_url, retrieve_headers
from grantline.connections.requests.run_cookies import RunCookies
from grantline.connections.requests.runs import Runs
from grantline.connections.requests.saved_requests import SavedRequests
from grantline.connections.requests.seats import Seats
from grantline.connections.requests.used_by import SHOWN, UsedBy, used_by
from grantline.connections.revoke import UNREADABLE, Revocation, revoke_tokens
from grantline.connections.token_exchange import traded
from grantline.connections.transcript import Line
from grantline.errors import (
    GrantlineError,
    KeyUnavailable,
    SecretUnreadable,
)
from grantline.messages import DIRECT, Route
from grantline.net.transport import API_LIMITS, STREAM_LIMITS, Limits
from grantline.oauth.discovery.metadata import ServerMetadata
from grantline.secret import Secret
from grantline.store.records.audit import Event

LOCAL: Final = Actor()


@dataclass(frozen=True, slots=True)
class Deleted:
    """A connection that is gone here, and what became of its grant at the service."""

    name: str
    revocation: Revocation


class Engine:
    """Everything that can be done with connections. An async context manager.

    ``manage`` creates and edits, ``registrar`` lets services register apps, ``listing`` lists,
    ``authorize``, ``consents`` and ``devices`` get consent, ``tokens`` gives tokens, ``request``
    makes authenticated requests; ``make_request`` makes any and keeps it in ``runs``, and
    ``requests`` are those kept under a name; ``credentials`` are secrets that are no OAuth grant;
    ``doctor`` examines; ``seats`` shares connections that have a limit. Every call names its actor
    and sees only the actor's workspace. ``background`` renews ahead of time.
    """

    def __init__(
        self,
        context: Context,
        *,
        data_dir: Path,
        notices: tuple[str, ...] = (),
        lease_span: timedelta = LEASE_SPAN,
    ) -> None:
        """An engine on ``context``.

        Args:
            context: Store, vault, transport, clock, randomness.
            data_dir: Where processes of this machine see each other, and answers are kept that the
                database refuses.
            notices: What has to be said aloud after opening, such as that a key was made.
            lease_span: How long a renewal may take before another process may take over.
        """
        self.context = context
        self.notices = notices
        self.manage = Manager(context)
        self.registrar = Registrar(context, self.manage)
        self.authorize = Authorizer(context)
        self.devices = DeviceAuthorizer(context, self.authorize)
        spool = Spool(data_dir)
        self._unsaved = Unsaved(context, spool)
        self._leasing = Leasing(context, self._unsaved, data_dir, span=lease_span)
        self._waiting = Waiting(context)
        self._refresher = Refresher(context, self._leasing, self._unsaved, self._waiting)
        self.background = Background(context, self._refresher, self._unsaved)
        self.tokens = Tokens(context, self._refresher)
        self._performer = Performer(context, self.tokens)
        self.listing = Listing(context)
        self.consents = Consents(context, self.authorize)
        self.credentials = CredentialManager(context)
        self.requests = SavedRequests(context)
        self.runs = Runs(context)
        self.doctor = Doctor(context, self.manage, self.requests, spool)
        self._attempts = Attempts(context, self._performer)
        self._downloader = Downloader(context, self._attempts)
        self._pages = Pages(context, self._attempts)
        self.seats = Seats(context, self._leasing)
        self._maker = Maker(context, self._attempts, self._pages, self.runs)

    async def request(self, actor: Actor, name: str, spec: RequestSpec) -> Response:
        """The service's answer to ``spec``, made with the connection's token.

        Raises:
            UpstreamError: Its status is one of ``spec.fail_on``.
            GrantlineError: The request could not be made.
        """
        record = await self.manage.record(actor, name)
        return await self.request_by_id(actor, record.id, spec)

    async def request_by_id(
        self,
        actor: Actor,
        connection_id: str | None,
        spec: RequestSpec,
        *,
        credentials: CredentialIds = NO_CREDENTIALS,
    ) -> Response:
        """The same for a caller that knows the ids: a valid token costs no database access."""
        carried = NOTHING
        if credentials is not NO_CREDENTIALS:
            carried = await self.credentials.taken_along(actor, credentials, beside=connection_id)
        return await self._attempts.answer(Errand(actor, spec, connection_id, carried))

    @asynccontextmanager
    async def stream(
        self,
        actor: Actor,
        connection_id: str | None,
        spec: RequestSpec,
        *,
        limits: Limits = STREAM_LIMITS,
        **how: Unpack[How],
    ) -> AsyncIterator[ResponseStream]:
        """The same, the body still to come. Errors as `Attempts.stream`."""
        errand = await self._errand(actor, spec, connection_id, limits, **how)
        async with self._attempts.stream(errand) as response:
            yield response

    async def download(
        self,
        actor: Actor,
        spec: RequestSpec,
        target: Path | Choose,
        *,
        connection_id: str | None = None,
        overwrite: bool = False,
        progress: Progress | None = None,
        at_most_bytes: int | None = None,
        keep: Path | None = None,
        **how: Unpack[How],
    ) -> Downloaded:
        """The file at ``target``, whole. Arguments and errors as `Downloader.download`."""
        return await self._downloader.download(
            await self._errand(actor, spec, connection_id, STREAM_LIMITS, **how),
            target,
            overwrite=overwrite,
            progress=progress,
            at_most_bytes=at_most_bytes,
            keep=keep,
        )

    async def retrieve_headers(
        self,
        actor: Actor,
        spec: RequestSpec,
        *,
        connection_id: str | None = None,
        **how: Unpack[How],
    ) -> Response:
        """The answer without its body. Errors as `Performer.request`."""
        errand = await self._errand(actor, spec, connection_id, STREAM_LIMITS, **how)
        return await retrieve_headers(self._performer, self._attempts, errand)

    async def resolve_url(self, actor: Actor, url: str, *, route: Route = DIRECT) -> Resolved:
        """Where ``url`` leads, redirect by redirect; no credential is ever sent."""
        return await resolve_url(self.context, actor, url, route=route)

    async def pages(
        self,
        actor: Actor,
        spec: RequestSpec,
        *,
        connection_id: str | None = None,
        limits: Limits = API_LIMITS,
        resume_from: str = "",
        **how: Unpack[How],
    ) -> AsyncGenerator[ItemsPage]:
        """The pages of the list that ``spec`` asks for. Arguments and errors as `Pages.each`."""
        errand = await self._errand(actor, spec, connection_id, limits, **how)
        async with aclosing(self._pages.each(errand, resume_from=resume_from)) as pages:
            async for each in pages:
                yield each

    async def make_request(
        self,
        actor: Actor,
        spec: RequestSpec,
        *,
        connection_id: str | None = None,
        limits: Limits = API_LIMITS,
        saved_request_id: str | None = None,
        record: bool = True,
        **how: Unpack[How],
    ) -> Made:
        """What became of ``spec``, with a line in the history. Arguments as ``Maker.make``.

        Raises:
            InvalidInput: Both a connection and a credential are given.
            NotFound: There is no such connection or credential.
        """
        errand = await self._errand(actor, spec, connection_id, limits, **how)
        return await self._maker.make(errand, saved_request_id=saved_request_id, record=record)

    async def make_list(
        self,
        actor: Actor,
        spec: RequestSpec,
        *,
        connection_id: str | None = None,
        saved_request_id: str | None = None,
        on_page: Callable[[ItemsPage, int], None] | None = None,
        **how: Unpack[How],
    ) -> Made:
        """All pages of a list as one answer. Arguments as ``Maker.make_list``."""
        return await self._maker.make_list(
            await self._errand(actor, spec, connection_id, API_LIMITS, **how),
            saved_request_id=saved_request_id,
            on_page=on_page,
        )

    async def _errand(
        self,
        actor: Actor,
        spec: RequestSpec,
        connection_id: str | None,
        limits: Limits,
        *,
        credentials: CredentialIds = NO_CREDENTIALS,
        typed: RequestCredential | None = None,
        upload: Upload | None = None,
        route: Route = DIRECT,
        cookies: RunCookies | None = None,
    ) -> Errand:
        """The request with all that goes along, its credentials opened."""
        carried = await self.credentials.taken_along(
            actor, credentials, typed, beside=connection_id
        )
        cookies = RunCookies() if cookies is None else cookies
        return Errand(actor, spec, connection_id, carried, upload, route, cookies, limits)

    async def run_saved(self, actor: Actor, name: str) -> Made:
        """What became of the saved request with this name or id; raises ``NotFound``."""
        saved = await self.requests.find(actor, name)
        return await self.make_request(
            actor,
            saved.spec,
            connection_id=saved.connection_id,
            credentials=saved.credentials,
            saved_request_id=saved.id,
        )

    async def token(
        self,
        actor: Actor,
        connection_id: str,
        *,
        min_ttl: timedelta = AT_ONCE,
        rejected: Secret | None = None,
    ) -> Secret:
        """An access token that works now, and is not ``rejected``."""
        holding = await self.tokens.usable(actor, connection_id, min_ttl=min_ttl, rejected=rejected)
        return holding.granted.access_token

    async def exchange_token(
        self,
        actor: Actor,
        connection_id: str,
        *,
        audiences: tuple[str, ...] = (),
        scopes: tuple[str, ...] = (),
    ) -> Secret:
        """A token traded for the connection's at its service (RFC 8693); it is kept nowhere.

        Args:
            audiences: The services that it is for, by the names they have there.
            scopes: What it is to allow; empty leaves that to the service.
        """
        return await traded(
            self.context, self.tokens, actor, connection_id, audiences=audiences, scopes=scopes
        )

    async def verify(self, actor: Actor, name: str) -> Verification:
        """Whether the connection works, asked of the service itself."""
        record = await self.manage.record(actor, name)
        return await verify(self.context, self.tokens, actor, record.id)

    async def delete(self, actor: Actor, name: str) -> Deleted:
        """Deletes a connection here, for good, and revokes its grant at the service.

        The row goes first: a refresh that is under way finds it gone and takes back what it got.
        """
        context = self.context
        record = await self.manage.record(actor, name)
        holding = await self._holding_if_readable(actor, record.id)
        event = context.event(actor, "connection.deleted", record.id, {"name": record.name})
        await context.stored(context.store.delete_connection, actor.workspace, record.id, event)
        context.holdings.drop(record.id)
        revocation = UNREADABLE
        if holding is not None:
            revocation = await revoke_tokens(context, holding, holding.tokens)
        return Deleted(record.name, revocation)

    async def _holding_if_readable(self, actor: Actor, connection_id: str) -> Holding | None:
        """The connection opened; None when its secrets do not open, which deleting may end."""
        try:
            return await self.context.hold(actor, connection_id)
        except (KeyUnavailable, SecretUnreadable):
            return None

    async def used_by(
        self,
        actor: Actor,
        *,
        connection_id: str | None = None,
        credential_id: str | None = None,
        offset: int = 0,
        limit: int = SHOWN,
    ) -> UsedBy:
        """Saved requests and scenarios that refer to something. Arguments as ``used_by``."""
        return await used_by(
            self.context,
            actor,
            connection_id=connection_id,
            credential_id=credential_id,
            offset=offset,
            limit=limit,
        )

    async def discover(self, url: str) -> ServerMetadata:
        """What an issuer says of itself; or, for an API or MCP server, what its issuer says.

        Raises:
            DiscoveryFailed: Nobody there says anything that may be believed.
        """
        return await discover(self.context, url)

    async def history(
        self, actor: Actor, name: str | None = None, *, limit: int = 100
    ) -> Sequence[Event]:
        """What happened, newest first; of one connection or of the whole workspace."""
        subject = None if name is None else (await self.manage.record(actor, name)).id
        return await self.context.stored(
            self.context.store.list_events, actor.workspace, subject, limit
        )

    async def connection_generation(self, actor: Actor, connection_id: str) -> int:
        """How many token sets the connection has had: cheap enough to be asked every second."""
        store = self.context.store
        seen = await self.context.stored(store.glance, actor.workspace, connection_id)
        return seen.generation

    async def transcript(self, actor: Actor, name: str) -> tuple[Line, ...]:
        """What was said to and by the authorization server, oldest first, secrets masked."""
        record = await self.manage.record(actor, name)
        return await transcript(self.context, actor, record.id)

    async def diagnose(
        self, actor: Actor, name: str, error: GrantlineError | None = None
    ) -> tuple[Diagnosis, ...]:
        """What is wrong with a connection, the weightiest first; by its state without ``error``."""
        return await examine(self.context, actor, await self.manage.find(actor, name), error)

    async def find(self, actor: Actor, name: str) -> Connection:
        """The connection with this name or id."""
        return await self.manage.find(actor, name)

    async def aclose(self) -> None:
        """Lets refreshes in flight finish and be saved, then closes."""
        await self.background.stop()
        await self._refresher.settle()
        await self._unsaved.close()
        self._leasing.close()
        self._waiting.close()
        await self.context.settle()
        self.context.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
