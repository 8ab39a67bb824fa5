"""The service itself: what a test holds, and what it gives the engine in place of the network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from grantline.clock import Clock
from grantline.errors import TransportFailed
from grantline.messages import HttpRequest, HttpResponse, StreamedResponse
from grantline.net.transport import API_LIMITS, STREAM_LIMITS, Limits
from grantline.oauth.app.app_rules import RevokedToken
from grantline.oauth.app.request_choices import ClientAuthentication, RequestMethod
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.testing.simulated_service import checks
from grantline.testing.simulated_service.answers import (
    json_answer,
    put,
    refusal_answer,
    rooted,
    token_answer,
)
from grantline.testing.simulated_service.apis import Api, BrokenOff
from grantline.testing.simulated_service.requests import Received, origin_and_path, received

LABEL: Final = "Ada Example"
ACCOUNT_ID: Final = "account-7"
PIECE_BYTES: Final = 64 * 1024
REGISTERED: Final = "https://grantline.example/oauth/callback"


@dataclass(slots=True, kw_only=True)
class SimulatedService:
    """A service in memory; a ``Transport``.

    Attributes:
        settings: The app, with the values of the connection in it.
        flow: How the connection gets its first token.
        scopes: What it asks for.
        client_secret: Of the client.
        clock: The server's.
        captured: What it sends for the names that are captured, by name.
        username: Who logs in, for the flows that take a password.
        password: Their password.
        complaints: What was wrong with requests; a test asserts that there are none.
        seen: What was asked for, in order: ``token``, ``refresh``, ``identity``, ...
        api: Answers requests to the API whose token is good; without one they are ``{"ok": true}``.
    """

    settings: AppSettings
    flow: FlowType = FlowType.AUTHORIZATION_CODE
    scopes: tuple[str, ...] = ()
    client_secret: str
    clock: Clock
    captured: dict[str, str] = field(default_factory=dict)
    username: str = ""
    password: str = ""
    complaints: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    api: Api | None = None
    _asked: dict[str, dict[str, str]] = field(default_factory=dict)
    _pushed: dict[str, dict[str, str]] = field(default_factory=dict)
    _access: set[str] = field(default_factory=set)
    _refresh: set[str] = field(default_factory=set)
    _issued: int = 0

    def approve(self, url: str) -> str:
        """Where the browser of a person who says yes is sent; judges the authorization request."""
        self.seen.append("authorize")
        settings = self.settings
        page, given = _opened(url, in_fragment=settings.authorize_in_fragment)
        expected_page = settings.authorize_uri
        if not settings.authorize_in_fragment:
            expected_page = origin_and_path(expected_page)
        if page != expected_page:
            self._complain("authorize", [f"the browser is sent to {page}"])
        if "request_uri" in given:
            given = self._pushed.pop(given["request_uri"])
        self._judge_authorization(given)
        code = self._fresh("code")
        self._asked[code] = given
        redirect = given.get(checks.own_name(settings, "authorize", "redirect_uri"), REGISTERED)
        sent = {name: value for name, value in self.captured.items() if "." not in name}
        state = given[checks.own_name(settings, "authorize", "state")]
        query = {settings.response.code_parameter: code, "state": state, **sent}
        if settings.expect_iss:
            query["iss"] = settings.issuer
        return f"{redirect}?{urlencode(query)}"

    async def send(
        self, request: HttpRequest, *, limits: Limits = API_LIMITS, partition: str = ""
    ) -> HttpResponse:
        """The service's answer to ``request``."""
        del limits, partition
        answer = self._answer(request)
        if isinstance(answer, BrokenOff):
            raise _broken()
        return answer

    @asynccontextmanager
    async def stream(
        self, request: HttpRequest, *, limits: Limits = STREAM_LIMITS, partition: str = ""
    ) -> AsyncIterator[StreamedResponse]:
        """The same, the body in pieces of `PIECE_BYTES`."""
        del limits, partition
        answer = self._answer(request)
        ends_at = answer.after if isinstance(answer, BrokenOff) else len(answer.body)

        async def chunks() -> AsyncIterator[bytes]:
            for first in range(0, ends_at, PIECE_BYTES):
                yield answer.body[first : min(first + PIECE_BYTES, ends_at)]
            if isinstance(answer, BrokenOff):
                raise _broken()

        yield StreamedResponse(answer.status, answer.headers, chunks(), request.url)

    def remember(self, *access_tokens: str) -> None:
        """Takes tokens for good that were given by another process that played this service."""
        self._access.update(access_tokens)

    def _answer(self, sent: HttpRequest) -> HttpResponse:
        request = received(sent)
        for uri, handle in self._endpoints(request):
            if uri and request.url == origin_and_path(uri):
                return handle(request)
        return self._api(request, sent)

    def _endpoints(
        self, request: Received
    ) -> Iterable[tuple[str, Callable[[Received], HttpResponse]]]:
        settings, rules = self.settings, self.settings.revocation
        # One address may serve several ends: what tells them apart comes first.
        if not [*checks.differences(request.parameters, dict(settings.upgrade.parameters))]:
            yield settings.upgrade.uri, self._upgrade
        revoke = self._revoke_by_api if rules.as_api_request else self._revoke
        if rules.method is not RequestMethod.POST and request.method == rules.method:
            yield settings.revocation_uri, revoke
        yield settings.token_uri, self._token
        yield settings.refresh_uri, self._token
        yield settings.upgrade.uri, self._upgrade
        yield settings.device_authorization_uri, self._device
        yield settings.pushed_authorization_uri, self._push
        yield settings.revocation_uri, revoke
        yield _absolute(settings.identity.url, settings.base_url), self._identity

    def _judge_authorization(self, given: dict[str, str]) -> None:
        settings = self.settings
        expected = {
            "response_type": settings.response_type or "code",
            "client_id": settings.client_id,
        }
        if self.scopes:
            expected["scope"] = settings.scope_separator.join(self.scopes)
        demanded = {**expected, **dict(settings.authorize_parameters)}
        named = checks.wanted(settings, "authorize", demanded)
        found = [*checks.differences(given, named)]
        found += checks.challenge(given, settings)
        found += [
            f"{name} is there"
            for name in ("response_type", "client_id", "redirect_uri", "scope")
            if not checks.own_name(settings, "authorize", name) and name in given.keys() - named
        ]
        self._complain("authorize", found)

    def _token(self, request: Received) -> HttpResponse:
        refresh_name = checks.own_name(self.settings, "refresh", "refresh_token")
        rules = self.settings.response
        by_access_token = rules.refresh_with == "access_token"
        presented = request.parameters.get("access_token" if by_access_token else refresh_name)
        if presented and self._access:
            return self._renewed(request, presented)
        return self._granted(request)

    def _granted(self, request: Received) -> HttpResponse:
        self.seen.append("token")
        settings = self.settings
        found = [
            *checks.way(request, settings.token_request_method, settings.token_request_format),
            *checks.headers(request, settings.custom_headers + settings.token_headers),
            *checks.differences(request.parameters, dict(settings.token_parameters)),
        ]
        if self.flow is not FlowType.LOGIN:
            found += self._authentication(request, settings.client_authentication)
        if self.flow is FlowType.AUTHORIZATION_CODE:
            code = request.parameters.get(checks.own_name(settings, "token", "code"), "")
            asked = self._asked.pop(code, None)
            if asked is None:
                self._complain("token", ["the code is unknown", *found])
                return refusal_answer(settings.response, "invalid_grant")
            found += self._judge_code(request, asked)
        self._complain("token", found)
        return self._fresh_tokens()

    def _judge_code(self, request: Received, asked: dict[str, str]) -> list[str]:
        settings = self.settings
        redirect = asked.get(checks.own_name(settings, "authorize", "redirect_uri"), REGISTERED)
        expected = {"grant_type": "authorization_code", "redirect_uri": redirect}
        named = checks.wanted(settings, "token", expected)
        own = dict(settings.token_parameters)
        found = list(
            checks.differences(
                request.parameters, {name: own.get(name, value) for name, value in named.items()}
            )
        )
        found += [
            f"{name} is there"
            for name in expected
            if name not in named and name in request.parameters and name not in own
        ]
        return [*found, *checks.verifier(request.parameters, asked)]

    def _renewed(self, request: Received, presented: str) -> HttpResponse:
        self.seen.append("refresh")
        settings, rules = self.settings, self.settings.response
        kind = settings.refresh_request_format or settings.token_request_format
        method = settings.refresh_request_method or settings.token_request_method
        found = [
            *checks.way(request, method, kind),
            *checks.headers(request, settings.custom_headers + settings.refresh_headers),
            *checks.differences(request.parameters, dict(settings.refresh_parameters)),
            *self._authentication(
                request,
                settings.refresh_authentication or settings.client_authentication,
                "refresh",
            ),
        ]
        known = self._access if rules.refresh_with == "access_token" else self._refresh
        if presented not in known:
            found.append("the token to refresh with is unknown")
        if request.url != origin_and_path(settings.refresh_uri or settings.token_uri):
            found.append(f"it came to {request.url}")
        self._complain("refresh", found)
        if rules.keeps_token:
            ok = rules.success_values[0] if rules.success_values else "ok"
            return json_answer(put({}, rules.success_field or "result", ok))
        return self._fresh_tokens()

    def _upgrade(self, request: Received) -> HttpResponse:
        self.seen.append("upgrade")
        rules = self.settings.upgrade
        self._complain(
            "upgrade",
            [
                *checks.way(request, rules.method, rules.format),
                *checks.differences(request.parameters, dict(rules.parameters)),
            ],
        )
        token = self._fresh("access")
        self._access = {token}
        return json_answer({"access_token": token, "token_type": "bearer", "expires_in": 5_184_000})

    def _device(self, request: Received) -> HttpResponse:
        self.seen.append("device")
        del request
        return json_answer(
            {
                "device_code": self._fresh("device"),
                "user_code": "ABCD-EFGH",
                "verification_uri": "https://service.example/device",
                "expires_in": 600,
                "interval": 1,
            }
        )

    def _push(self, request: Received) -> HttpResponse:
        self.seen.append("push")
        self._complain(
            "push", [*self._authentication(request, self.settings.client_authentication)]
        )
        reference = f"urn:ietf:params:oauth:request_uri:{self._fresh('push')}"
        self._pushed[reference] = request.parameters
        return json_answer({"request_uri": reference, "expires_in": 60}, status=201)

    def _revoke(self, request: Received) -> HttpResponse:
        self.seen.append("revoke")
        settings, rules = self.settings, self.settings.revocation
        name = checks.own_name(settings, "revoke", "token")
        found = [
            *checks.way(request, rules.method, rules.format),
            *checks.headers(request, settings.custom_headers),
            *checks.differences(request.parameters, dict(rules.parameters)),
            *self._authentication(
                request, rules.authentication or settings.client_authentication, "revoke"
            ),
        ]
        known = self._access | self._refresh
        if rules.token is RevokedToken.ACCESS_TOKEN:
            known = self._access
        if name and request.parameters.get(name) not in known:
            found.append(f"{name} is no token to revoke")
        self._complain("revoke", found)
        return json_answer({}, status=200)

    def _revoke_by_api(self, request: Received) -> HttpResponse:
        self.seen.append("revoke")
        rules = self.settings.revocation
        self._complain(
            "revoke",
            [
                *checks.way(request, rules.method, rules.format),
                *checks.placement(request, self.settings, frozenset(self._access)),
                *checks.differences(request.parameters, dict(rules.parameters)),
            ],
        )
        return json_answer({"ok": True})

    def _identity(self, request: Received) -> HttpResponse:
        self.seen.append("identity")
        rules = self.settings.identity
        found = [*checks.placement(request, self.settings, frozenset(self._access))]
        if request.method != rules.method:
            found.append(f"the method is {request.method}")
        self._complain("identity", found)
        captures = tuple(path for _, path in rules.captures)
        told = rooted((*rules.label[:1], rules.id, *captures))
        for name, path in rules.captures:
            put(told, path, self.captured[name])
        self._name_account(told)
        return json_answer(told)

    def _api(self, request: Received, sent: HttpRequest) -> HttpResponse:
        self.seen.append("api")
        found = [*checks.placement(request, self.settings, frozenset(self._access))]
        self._complain(f"api {request.url}", found)
        if self.api is not None and not found:
            return self.api(sent)
        return json_answer({"ok": True}, status=401 if found else 200)

    def _name_account(self, told: Any) -> None:
        rules = self.settings.identity
        if rules.id:
            put(told, rules.id, ACCOUNT_ID)
        if rules.label and rules.label[0] != rules.id:
            put(told, rules.label[0], LABEL)

    def _fresh_tokens(self) -> HttpResponse:
        settings, rules = self.settings, self.settings.response
        access, refresh = self._fresh("access"), ""
        self._access = {access}
        if rules.refresh_with == "refresh_token" and not self.flow.needs_no_person:
            refresh = self._fresh("refresh")
            self._refresh = {refresh}
        extra: dict[str, Any] = {
            name: value
            for name, value in self.captured.items()
            if name in settings.response.captured_parameters
        }
        answer = {} if settings.identity.url else self._named()
        return token_answer(
            settings,
            access_token=access,
            refresh_token=refresh,
            scopes=self.scopes,
            now=self.clock.now(),
            extra={**extra, **answer},
        )

    def _named(self) -> dict[str, str]:
        rules = self.settings.identity
        found = {rules.id: ACCOUNT_ID} if rules.id else {}
        return {**{path: LABEL for path in rules.label[:1] if path != rules.id}, **found}

    def _authentication(
        self, request: Received, method: ClientAuthentication, purpose: str = "token"
    ) -> Iterable[str]:
        return checks.authentication(
            request, self.settings, method, self.client_secret, purpose=purpose
        )

    def _fresh(self, kind: str) -> str:
        self._issued += 1
        return f"{kind}-{self._issued}"

    def _complain(self, where: str, found: list[str]) -> None:
        self.complaints += [f"{where}: {each}" for each in found]


def _opened(url: str, *, in_fragment: bool) -> tuple[str, dict[str, str]]:
    page, _, query = url.partition("?")
    if not in_fragment:
        query = urlsplit(url).query
        page = origin_and_path(url)
    return page, dict(parse_qsl(query, keep_blank_values=True))


def _absolute(url: str, base_url: str) -> str:
    if not url or "://" in url:
        return url
    return urljoin(base_url.rstrip("/") + "/", url.lstrip("/"))


def _broken() -> TransportFailed:
    return TransportFailed(
        "The connection ended before the answer was whole.", check="truncated", sent=True
    )
