"""A token with everything that decides where it may go and how: what other libraries carry.

A ``Bearer`` is obtained once, with or without waiting; all its decisions are then pure, so each
integration says them once for its synchronous and its asynchronous half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_plus

from grantline.calls.hosts import HostList
from grantline.connections.holding import Holding
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.dpop import Dpop, asks_for_nonce
from grantline.oauth.moment import Moment
from grantline.oauth.placement import place_token
from grantline.oauth.settings import TokenPlacement
from grantline.secret import Secret
from grantline.url import parse_url


@dataclass(frozen=True, slots=True, repr=False)
class Bearer:
    """A connection's token as it was a moment ago, and the rules it travels by.

    Attributes:
        holding: The connection with its seals opened.
        moment: Gives now and randomness, for proofs of possession.
        nonces: What each origin last wanted in such a proof; shared by a connection's bearers.
    """

    holding: Holding
    moment: Callable[[], Moment]
    nonces: dict[str, str] = field(default_factory=dict)

    @property
    def token(self) -> Secret:
        """The access token."""
        return self.holding.granted.access_token

    @property
    def in_query(self) -> bool:
        """Whether the token is part of URLs."""
        return self.holding.settings.token_placement is not TokenPlacement.HEADER

    @property
    def reads_bodies(self) -> bool:
        """Whether ``is_refused_by`` has to see the body of an answer."""
        return bool(self.holding.settings.expired_body_matches)

    def may_go_to(self, url: str) -> bool:
        """Whether the host of ``url`` is on the connection's list."""
        return self._hosts.allows(parse_url(url).host)

    def placed(self, request: HttpRequest) -> HttpRequest:
        """``request`` with the token where the service expects it.

        Raises:
            EgressBlocked: The token may not go there, or the request brings one of its own.
        """
        self._hosts.check(parse_url(request.url))
        return place_token(
            request,
            settings=self.holding.settings,
            tokens=self.holding.granted,
            moment=self.moment(),
            dpop=self._dpop(),
        )

    def is_in(self, url: str, headers: Iterable[tuple[str, str]]) -> bool:
        """Whether a request with this URL and these headers would show the token."""
        token = self.token.reveal()
        texts = (url, unquote_plus(url), *(value for _, value in headers))
        return any(token in text for text in texts)

    def is_refused_by(self, response: HttpResponse) -> bool:
        """Whether ``response`` says that the token has expired, and another can be had."""
        settings = self.holding.settings
        return self.holding.renewable and (
            response.status in {401, *settings.expired_statuses}
            or any(text.encode() in response.body for text in settings.expired_body_matches)
        )

    def needs_another_proof(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Whether the same request has to go once more, with the nonce that came (RFC 9449)."""
        dpop = self._dpop()
        if dpop is None:
            return False
        self.nonces.update(dpop.learned(response, request=request).nonces)
        return asks_for_nonce(response)

    def _dpop(self) -> Dpop | None:
        dpop = self.holding.dpop
        return replace(dpop, nonces=tuple(self.nonces.items())) if dpop else None

    @property
    def _hosts(self) -> HostList:
        return HostList(self.holding.hosts)

    def __repr__(self) -> str:
        return f"Bearer({self.holding!r})"
