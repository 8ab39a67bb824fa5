"""A token with everything that decides where it may go and how: what other libraries carry.

A ``Bearer`` is obtained once, with or without waiting; all its decisions are then pure, so each
integration says them once for its synchronous and its asynchronous half.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_plus

from grantline.calls.hosts import HostList
from grantline.connections.renewal.holding import Holding
from grantline.errors import EgressBlocked
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.settings import TokenPlacement
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop, asks_for_nonce
from grantline.oauth.tokens.placement import place_token
from grantline.secret import Secret
from grantline.url import is_loopback_host, parse_url


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
    def is_bound(self) -> bool:
        """Whether each request needs a proof of its own beside the token (RFC 9449)."""
        return self.holding.dpop is not None

    @property
    def reads_bodies(self) -> bool:
        """Whether ``is_refused_by`` has to see the body of an answer."""
        return bool(self.holding.settings.expired_body_matches)

    def may_go_to(self, url: str) -> bool:
        """Whether ``check_target`` would let the token go there."""
        try:
            self.check_target(url)
        except EgressBlocked:
            return False
        return True

    def check_target(self, url: str) -> None:
        """Refuses a URL that the token may not go to.

        Raises:
            EgressBlocked: ``host_not_allowed``, or ``plaintext`` where the service uses https.
        """
        target = parse_url(url)
        HostList(self.holding.hosts).check(target)
        is_plain_service = self.holding.settings.base_url.startswith("http://")
        if target.scheme != "https" and not is_plain_service and not is_loopback_host(target.host):
            raise EgressBlocked(
                f"{target.host} would be asked over plain http, where anyone on the way reads the "
                "token.",
                rule="plaintext",
                address=target.host,
                hint="Use https.",
            )

    def placed(self, request: HttpRequest) -> HttpRequest:
        """``request`` with the token where the service expects it.

        Raises:
            EgressBlocked: The token may not go there, or the request brings one of its own.
        """
        self.check_target(request.url)
        return place_token(
            request,
            settings=self.holding.settings,
            tokens=self.holding.granted,
            moment=self.moment(),
            dpop=self._dpop(),
        )

    def is_in(self, request: HttpRequest) -> bool:
        """Whether ``request`` would show the token to whoever receives it."""
        token = self.token.reveal()
        texts = (request.url, unquote_plus(request.url), *(text for _, text in request.headers))
        return any(token in text for text in texts)

    def removed(self, request: HttpRequest) -> HttpRequest:
        """``request`` without the token and its proof; an equal value when it carries none."""
        token = self.token.reveal()
        url, mark, query = request.url.partition("?")
        kept = [each for each in query.split("&") if token not in unquote_plus(each)]
        proof = "dpop" if self.is_bound else ""
        return replace(
            request,
            url=f"{url}{mark}{'&'.join(kept)}" if kept else url,
            headers=tuple(
                (name, text)
                for name, text in request.headers
                if token not in text and name.lower() != proof
            ),
        )

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

    def __repr__(self) -> str:
        return f"Bearer({self.holding!r})"
