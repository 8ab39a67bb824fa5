"""*Make a request*: with a connection, a credential or nothing, and a line in the history."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from grantline.calls.answers.response import Response
from grantline.calls.attempts.attempt import Attempt
from grantline.calls.paging.pages import Stop
from grantline.calls.request import RequestSpec, build_request
from grantline.calls.structures.json_values import dump_json, encode_json
from grantline.connections.context import Context
from grantline.connections.credentials.authentication import RequestCredential, put_on
from grantline.connections.renewal.holding import Holding
from grantline.connections.requests.attempts import Attempts, Outcome
from grantline.connections.requests.errand import Errand
from grantline.connections.requests.pages import ItemsPage, Pages
from grantline.connections.requests.redaction import Redactor, secrets_of
from grantline.connections.requests.run_detail import detail_of
from grantline.connections.requests.runs import Run, Runs
from grantline.errors import ConnectionNotFound, GrantlineError, InvalidInput, LimitExceeded
from grantline.messages import Headers, HttpRequest
from grantline.oauth.tokens.placement import place

# A list that a page shows is in memory; longer ones are for the command line and the library.
MOST_LIST_BYTES: Final = 32 * 1024 * 1024


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

    def __init__(self, context: Context, attempts: Attempts, pages: Pages, runs: Runs) -> None:
        self._context = context
        self._attempts = attempts
        self._pages = pages
        self._runs = runs

    async def make(
        self, errand: Errand, *, saved_request_id: str | None = None, record: bool = True
    ) -> Made:
        """What became of ``errand``. An error of the request is part of that, and is not raised.

        Args:
            errand: The request; an upload leaves no body in the history.
            saved_request_id: What it was made from, for the history.
            record: Whether it goes into the history.

        Raises:
            ConnectionNotFound: There is no such connection.
        """
        at, before = await self._before(errand)
        outcome = await self._attempts.make(errand)
        response, error = outcome.response, outcome.error
        if isinstance(error, ConnectionNotFound):
            raise error
        run = None
        if record:
            shown = replace(outcome, error=None if response else error)
            run = await self._kept(errand, shown, at, before, saved_request_id)
        return Made(response=response, error=error, run=run, attempts=outcome.attempts)

    async def make_list(
        self,
        errand: Errand,
        *,
        saved_request_id: str | None = None,
        on_page: Callable[[ItemsPage, int], None] | None = None,
    ) -> Made:
        """All items of a list that comes in pages, as one JSON array; a line in the history.

        What came before a page that failed is in the answer, beside the error.

        Args:
            errand: The request, with its pagination.
            saved_request_id: What it was made from, for the history.
            on_page: Told each page, and how many items there are by then.

        Raises:
            InvalidInput: The pagination cannot work.
            ConnectionNotFound: There is no such connection.
        """
        context = self._context
        at, before = await self._before(errand)
        texts: list[str] = []
        size, last, error = 0, None, None
        pages = self._pages.each(errand)
        try:
            async with aclosing(pages):
                async for page in pages:
                    last = page
                    texts += map(dump_json, page.items)
                    size += len(page.response.content)
                    if on_page is not None:
                        on_page(page, len(texts))
                    if size > MOST_LIST_BYTES and page.stop is None:
                        raise LimitExceeded(
                            f"The list is longer than {MOST_LIST_BYTES // 1024**2} MB.",
                            limit="list_bytes",
                            hint="Get it from the command line, which writes it page by page.",
                        )
        except (ConnectionNotFound, InvalidInput):
            raise
        except GrantlineError as failed:
            error = failed
        response = None
        if last is not None:
            response = replace(
                last.response,
                content=encode_json(f"[{', '.join(texts)}]"),
                headers=_of_a_list(last.response.headers),
                elapsed=context.clock.now() - at,
                attempts=1,
                notice=_list_notice(last, len(texts)),
            )
        outcome = Outcome(response=response, error=error)
        run = await self._kept(errand, outcome, at, before, saved_request_id)
        return Made(response=response, error=error, run=run)

    async def _before(self, errand: Errand) -> tuple[datetime, Holding | None]:
        """Now, and the connection as it is before the request may renew it."""
        at, connection_id = self._context.clock.now(), errand.connection_id
        return at, await self._context.hold(errand.actor, connection_id) if connection_id else None

    async def _kept(
        self,
        errand: Errand,
        outcome: Outcome,
        at: datetime,
        before: Holding | None,
        saved_request_id: str | None,
    ) -> Run:
        """The line in the history."""
        context, response, carried = self._context, outcome.response, errand.carried
        connection_id = errand.connection_id
        after = context.holdings.get(connection_id) if connection_id else None
        return await self._runs.keep(
            errand.actor,
            detail_of(
                _as_sent(errand.spec, after or before, carried.credential),
                response,
                outcome.error,
                Redactor((*secrets_of(before), *secrets_of(after), *carried.secrets)),
                attempts=outcome.attempts,
                credentials=carried.ids,
            ),
            at=at,
            duration=response.elapsed if response else context.clock.now() - at,
            attempts=response.attempts if response else max(1, len(outcome.attempts)),
            request_id=saved_request_id,
            connection_id=connection_id,
        )


_STOPS: Final = {
    Stop.EMPTY: "the page after them was empty",
    Stop.NO_NEXT: "the last one names no next one",
    Stop.NO_MORE: "the last one says that there are no more",
    Stop.TOTAL: "there are as many items as it says there are",
    Stop.REPEATED_PAGE: "the same items came again",
    Stop.REPEATED_NEXT: "a page was named that had come before",
    Stop.MAX_PAGES: "that is as many as were wanted, and there are more",
}


def _list_notice(last: ItemsPage, items: int) -> str:
    pages = f"{last.number} page{'s' * (last.number != 1)}, {items} item{'s' * (items != 1)}"
    return f"{pages}: {_STOPS[last.stop]}." if last.stop else f"{pages}, and then it broke off."


def _of_a_list(headers: Headers) -> Headers:
    """The headers of the last page, but for what speaks of its own body."""
    own = {"content-type", "content-length", "content-encoding"}
    kept = tuple(each for each in headers if each[0].lower() not in own)
    return (("content-type", "application/json"), *kept)


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
