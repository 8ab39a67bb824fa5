"""Lists that come in pages, page by page: nothing is kept but where the next one is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grantline.calls.answers.response import Response
from grantline.calls.pagination import Pagination, PaginationType, check_pagination
from grantline.calls.paging.page_request import page_request
from grantline.calls.paging.pages import START, Position, Stop, position_from_text, turn_page
from grantline.calls.redirect import SAFE_METHODS, harmless_headers
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import ERROR_STATUSES
from grantline.connections.context import Context
from grantline.connections.credentials.authentication import checked_credential
from grantline.connections.requests.attempts import Attempts
from grantline.connections.requests.errand import Errand
from grantline.connections.requests.service import rules_of
from grantline.errors import EgressBlocked, InvalidInput
from grantline.oauth.requests.parameters import append_query, query_parameters
from grantline.secret import Secret
from grantline.url import parse_url


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsPage:
    """One page of a list.

    Attributes:
        number: From 1, counted from the first page of the list.
        items: What it holds.
        response: The answer that it came in.
        resume: From where the next page can be had, also by a later run; None when there is none.
        stop: Why this page is the last one; None when it is not.
    """

    number: int
    items: Sequence[Any]
    response: Response
    resume: str | None
    stop: Stop | None


class Pages:
    """Gets lists page by page."""

    def __init__(self, context: Context, attempts: Attempts) -> None:
        self._context = context
        self._attempts = attempts

    async def each(self, errand: Errand, *, resume_from: str = "") -> AsyncGenerator[ItemsPage]:
        """The pages of the list that ``errand`` asks for.

        Each is a request of its own, with the same checks, retries and limits, and the cookies of
        the pages before. Where an answer names the next URL, the secret goes there only if it is on
        the same origin, or is https on a host of its list; without one, a URL on another origin
        gets no body and only harmless headers, as after a redirect.

        Args:
            errand: The request, with its pagination; without, that of the service's catalogue
                entry. Its limits are those of one page.
            resume_from: ``ItemsPage.resume`` of an earlier run; empty begins with the first page.

        Raises:
            InvalidInput: There is no pagination, it cannot work, or there is no list in an answer.
            UpstreamError: The service answered with an error. Earlier pages stay what they were,
                and ``resume`` of the last one leads here again.
            EgressBlocked: The next page is where the token may not go.
            GrantlineError: A request could not be made.
        """
        pagination = await self._pagination(errand)
        failing = tuple(dict.fromkeys((*errand.spec.fail_on, *ERROR_STATUSES)))
        spec = replace(errand.spec, fail_on=failing, pagination=None)
        if errand.carried.credential is not None:
            # One that was typed is bound to the host of the first page, not of each page.
            bound = checked_credential(errand.carried.credential, spec.url)
            errand = replace(errand, carried=replace(errand.carried, credential=bound))
        following: Position | None = position_from_text(resume_from) if resume_from else START
        count = 0
        while following is not None:
            position, count = following, count + 1
            asked = page_request(spec, pagination, position)
            if not errand.has_secret:
                asked = _as_from_nobody(asked, spec.url)
            outcome = await self._attempts.make(replace(errand, spec=asked))
            response = outcome.result()
            turned = turn_page(
                pagination, position, response, is_last=count >= pagination.max_pages
            )
            following = turned.position
            if following is not None and pagination.type is PaginationType.URL:
                if errand.has_secret:
                    _check_place(str(following.next), response.url)
                secrets = self._secrets(errand)
                following = replace(following, next=_without(str(following.next), secrets))
            yield ItemsPage(
                number=position.number,
                items=turned.items,
                response=response,
                resume=following.to_text() if following else None,
                stop=turned.stop,
            )
            if turned.stop is not None:
                return

    async def _pagination(self, errand: Errand) -> Pagination:
        pagination = errand.spec.pagination
        if pagination is None and errand.connection_id is not None:
            holding = await self._context.hold(errand.actor, errand.connection_id)
            pagination = rules_of(holding).pagination
        if pagination is None:
            raise InvalidInput(
                "How this list comes in pages is not known.",
                field="pagination",
                hint="Say whether it goes by offset, page, url or token.",
            )
        return check_pagination(pagination)

    def _secrets(self, errand: Errand) -> tuple[Secret, ...]:
        """What a service may have copied from our query into the URL of its next page."""
        if errand.carried.credential is not None:
            return (errand.carried.credential.secret,)
        connection_id = errand.connection_id
        holding = self._context.holdings.get(connection_id) if connection_id else None
        return (holding.tokens.access_token,) if holding and holding.tokens else ()


def _as_from_nobody(asked: RequestSpec, first: str) -> RequestSpec:
    """``asked`` as it may go to another origin than that of the ``first`` page.

    People type keys into headers and bodies. Raises ``EgressBlocked``.
    """
    there = parse_url(asked.url)
    if there.origin == parse_url(first).origin:
        return asked
    if asked.content is not None or asked.method not in SAFE_METHODS:
        raise _elsewhere(there.origin)
    return replace(asked, headers=harmless_headers(asked.headers))


def _check_place(following: str, page: str) -> None:
    """Refuses a next URL at another door of the service: another scheme or an odd port.

    On another host it is the host list that decides. Raises ``EgressBlocked``.
    """
    there = parse_url(following)
    if there.origin == parse_url(page).origin or (there.scheme == "https" and there.port is None):
        return
    raise _elsewhere(there.origin)


def _elsewhere(origin: str) -> EgressBlocked:
    return EgressBlocked(
        "The next page is at another place than this one.",
        rule="next_cross_origin",
        address=origin,
        hint="If the place belongs to the service, request its URL directly.",
    )


def _without(url: str, secrets: tuple[Secret, ...]) -> str:
    """``url`` without the parameters that have one of ``secrets`` as their value."""
    pairs = query_parameters(url)
    known = {each.reveal() for each in secrets}
    kept = tuple(pair for pair in pairs if pair[1] not in known)
    return url if kept == pairs else append_query(url.partition("#")[0].partition("?")[0], kept)
