"""*Make a request*: with a connection, a credential or nothing, and a line in the history."""

from __future__ import annotations

from dataclasses import dataclass, replace

from grantline.calls.attempt import Attempt
from grantline.calls.request import RequestSpec, build_request
from grantline.calls.response import Response
from grantline.calls.upload import Upload
from grantline.connections.attempts import Attempts
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credential import NO_CREDENTIALS, CredentialIds
from grantline.connections.credentials import RequestCredential, put_on
from grantline.connections.holding import Holding
from grantline.connections.manage_credentials import CredentialManager
from grantline.connections.redaction import Redactor, secrets_of
from grantline.connections.references import check_one_secret
from grantline.connections.run_cookies import RunCookies
from grantline.connections.run_detail import detail_of
from grantline.connections.runs import Run, Runs
from grantline.errors import ConnectionNotFound, GrantlineError, InvalidInput
from grantline.messages import DIRECT, HttpRequest, Route
from grantline.oauth.placement import place


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A request that was made, or could not be.

    Attributes:
        response: The answer; None when none came.
        error: Why there is none, or why the one there is counts as a failure.
        run: Its line in the history; None when it was not to be recorded.
        attempts: Every sending, in order.
    """

    response: Response | None
    error: GrantlineError | None
    run: Run | None
    attempts: tuple[Attempt, ...] = ()

    def result(self) -> Response:
        """The answer; raises the error when there is one."""
        if self.error is not None or self.response is None:
            raise self.error or InvalidInput("No request was made.", field="url")
        return self.response


class Maker:
    """Makes requests for pages and the REST API, which show what happened either way."""

    def __init__(
        self, context: Context, attempts: Attempts, credentials: CredentialManager, runs: Runs
    ) -> None:
        self._context = context
        self._attempts = attempts
        self._credentials = credentials
        self._runs = runs

    async def make(
        self,
        actor: Actor,
        spec: RequestSpec,
        *,
        connection_id: str | None = None,
        credentials: CredentialIds = NO_CREDENTIALS,
        typed: RequestCredential | None = None,
        upload: Upload | None = None,
        route: Route = DIRECT,
        cookies: RunCookies | None = None,
        saved_request_id: str | None = None,
        record: bool = True,
    ) -> Made:
        """What became of ``spec``. An error of the request is part of that, and is not raised.

        Args:
            actor: Who asks.
            spec: The request.
            connection_id: Whose token it carries.
            credentials: What it carries instead, or beside that.
            typed: A secret that is kept nowhere, in place of a credential.
            upload: A body in place of the spec's; it leaves none in the history.
            route: How the request travels.
            cookies: Those of the run that the request is part of.
            saved_request_id: What it was made from, for the history.
            record: Whether it goes into the history.

        Raises:
            InvalidInput: Both a connection and a credential are given.
            ConnectionNotFound: There is no such connection.
            NotFound: There is no such credential.
        """
        check_one_secret(connection_id, credentials, typed)
        context = self._context
        carried = await self._credentials.carried(actor, credentials)
        if typed is not None:
            carried = replace(carried, credential=typed)
        at = context.clock.now()
        before = await context.hold(actor, connection_id) if connection_id else None
        outcome = await self._attempts.make(
            actor,
            spec,
            connection_id=connection_id,
            carried=carried,
            upload=upload,
            route=route,
            cookies=cookies,
        )
        response, error = outcome.response, outcome.error
        if isinstance(error, ConnectionNotFound):
            raise error
        if not record:
            return Made(response=response, error=error, run=None, attempts=outcome.attempts)
        duration = response.elapsed if response else context.clock.now() - at
        after = context.holdings.get(connection_id) if connection_id else None
        run = await self._runs.keep(
            actor,
            detail_of(
                _as_sent(spec, after or before, carried.credential),
                response,
                None if response else error,
                Redactor((*secrets_of(before), *secrets_of(after), *carried.secrets)),
                outcome.attempts,
            ),
            at=at,
            duration=duration,
            attempts=response.attempts if response else len(outcome.attempts),
            request_id=saved_request_id,
            connection_id=connection_id,
        )
        return Made(response=response, error=error, run=run, attempts=outcome.attempts)


def _as_sent(
    spec: RequestSpec, holding: Holding | None, credential: RequestCredential | None
) -> HttpRequest:
    """The request with what was put on it; as it was typed when it cannot be built."""
    base_url = holding.settings.base_url if holding else ""
    try:
        request = build_request(spec, base_url=base_url)
        if credential is not None:
            return put_on(request, credential)
        if holding is not None and holding.given is not None:
            return place(request, holding.given)
    except GrantlineError:
        return HttpRequest(
            spec.method, spec.url, spec.headers, spec.content.data if spec.content else b""
        )
    return request
