"""One token case as the client sees it: what is asked, and what it makes of the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from grantline.errors import GrantlineError
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.answers.failure import Failure, failure_from_transport, failure_of
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.authorization.authorization_code import (
    AuthorizationRequest,
    code_exchange_request,
)
from grantline.oauth.authorization.callback import CallbackExpectation, is_reload, parse_callback
from grantline.oauth.authorization.device import (
    device_authorization_request,
    device_token_request,
    next_interval,
    parse_device_authorization_response,
)
from grantline.oauth.grant import GrantType
from grantline.oauth.grants.refresh import refresh_request
from grantline.oauth.moment import Moment
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.revocation import (
    TokenKind,
    parse_revocation_response,
    revocation_request,
)
from grantline.oauth.tokens.token_response import Asked, parse_token_response
from grantline.secret import Secret
from grantline.testing.corpus.cases import Row
from grantline.testing.corpus.script_server import row_body
from grantline.testing.corpus.token_rows import app_settings, held_tokens, objections, state_age

GRANTS: Final = {
    "token": GrantType.AUTHORIZATION_CODE,
    "refresh": GrantType.REFRESH_TOKEN,
    "device": GrantType.DEVICE_CODE,
    "revoke": GrantType.REFRESH_TOKEN,
}
_DEVICE_CODE: Final = re.compile(rb"""\bdevice_code(?:["']\s*:|=)""")
SECRETS: Final = ClientSecrets(client_secret=Secret("client-secret"))

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TokenCase:
    """One row as the client sees it: settings, what is held, what is asked."""

    row: Row
    endpoint: str
    context: Mapping[str, Any]
    settings: AppSettings
    now: datetime
    held: TokenSet | None

    @classmethod
    def of(cls, row: Row) -> TokenCase:
        """The case that ``row`` describes."""
        context = row["context"]
        return cls(
            row=row,
            endpoint=row["endpoint"],
            context=context,
            settings=app_settings(context),
            now=datetime.fromtimestamp(context["now"], UTC),
            held=held_tokens(context) if row["endpoint"] == "refresh" else None,
        )

    def url(self, origin: str) -> str:
        """The endpoint's URL on a server at ``origin``."""
        return f"{origin}/{self.endpoint}"

    @property
    def starts_device(self) -> bool:
        """Whether the answer is to a device authorization request rather than to a poll."""
        return self.endpoint == "device" and bool(_DEVICE_CODE.search(row_body(self.row)))

    def request(self, origin: str) -> HttpRequest:
        """The request that the row's answer is to, built by the client's own code."""
        url = self.url(origin)
        settings = AppSettings(
            client_id="client",
            token_uri=url,
            device_authorization_uri=url,
            revocation_uri=url,
            response=self.settings.response,
        )
        moment = Moment(now=self.now, seed=bytes(32))
        by_access_token = settings.response.refresh_with == "access_token"
        if self.held is not None and (self.held.refresh_token or by_access_token):
            return refresh_request(
                settings=settings, secrets=SECRETS, tokens=self.held, moment=moment
            )
        if self.endpoint == "revoke":
            return revocation_request(
                settings=settings,
                secrets=SECRETS,
                token=Secret("rt_old"),
                kind=TokenKind.REFRESH_TOKEN,
                moment=moment,
            )
        if self.starts_device:
            return device_authorization_request(
                settings=settings, secrets=SECRETS, scopes=(), moment=moment
            )
        if self.endpoint == "device":
            return device_token_request(
                settings=settings, secrets=SECRETS, device_code=Secret("d"), moment=moment
            )
        return code_exchange_request(
            settings=settings,
            secrets=SECRETS,
            request=AuthorizationRequest(
                redirect_uri="https://app.example/callback",
                state=Secret("st_1"),
                verifier=Secret("v" * 43),
            ),
            code=Secret("c1"),
            moment=moment,
        )

    def result(self, response: HttpResponse) -> Result:
        """What the client makes of ``response``."""
        try:
            if self.endpoint == "revoke":
                parse_revocation_response(response, now=self.now)
                return {"outcome": "token", "revoked": True}
            if self.starts_device:
                started = parse_device_authorization_response(response, now=self.now)
                return {
                    "outcome": "token",
                    "device_code": started.device_code.reveal(),
                    "interval": started.interval.total_seconds(),
                    "expires_at": _epoch(started.expires_at),
                }
            tokens = parse_token_response(response, self._asked(), now=self.now)
        except GrantlineError as error:
            return self.failed(error)
        except Exception as error:  # noqa: BLE001 - a crash is a failed case, not the end of a run
            return _crash(error)
        return {"outcome": "token", **_token_fields(tokens)}

    def callback_result(self) -> Result:
        """What the client makes of the row's query or form."""
        expected = CallbackExpectation(
            state=Secret(self.context.get("expected_state") or ""),
            issuer=self.context.get("expected_iss") or "",
            expect_iss=bool(self.context.get("iss_supported")),
            age=state_age(self.context),
            objections=objections(self.context),
            rules=self.settings.response,
        )
        try:
            answer = parse_callback(self.row["body"] or "", expected)
        except GrantlineError as error:
            return {**self.failed(error), "outcome": "error", "call_token_endpoint": False}
        except Exception as error:  # noqa: BLE001 - as above
            return _crash(error)
        return {
            "outcome": "token",
            "proceed_to_exchange": True,
            "code": answer.code.reveal(),
            "extra": dict(answer.captured),
        }

    def failed(self, error: GrantlineError) -> Result:
        """What the client makes of a failure."""
        failure = failure_of(error) or failure_from_transport(error, grant=GRANTS[self.endpoint])
        wait = failure.retry_after
        if self.endpoint == "device" and failure.may_retry:
            interval = timedelta(seconds=self.context.get("interval") or 5)
            wait = next_interval(failure, interval, now=self.now)
        return {
            "outcome": "retry" if failure.may_retry else "error",
            "class": failure.kind.value,
            "error": failure.error,
            "auto_retry": failure.may_retry,
            "after_s": None if wait is None else wait.total_seconds(),
            "extra": dict(failure.extra),
            "idempotent_page": is_reload(failure),
            **_advice(failure),
        }

    def _asked(self) -> Asked:
        scope = self.context.get("requested_scope") or ()
        return Asked.of(
            self.settings,
            GRANTS[self.endpoint],
            scope=tuple(scope.split()) if isinstance(scope, str) else tuple(scope),
            held=self.held,
        )


def _crash(error: Exception) -> Result:
    return {"outcome": f"crash: {error!r}"}


def _token_fields(tokens: TokenSet) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token.reveal(),
        "token_type": tokens.token_type,
        "refresh_token": tokens.refresh_token.reveal() if tokens.refresh_token else None,
        "expires_at": _epoch(tokens.expires_at),
        "refresh_expires_at": _epoch(tokens.refresh_expires_at),
        "scope": None if tokens.scope is None else list(tokens.scope),
        "extra": dict(tokens.extra),
        "secondary": _token_fields(tokens.secondary) if tokens.secondary else None,
        "warn": [str(warning) for warning in tokens.warnings],
        "cookies_stored": False,
    }


def _advice(failure: Failure) -> dict[str, Any]:
    advice: dict[str, Any] = {"recheck_store_first": failure.is_dead_grant}
    if failure.rotated is not None:
        advice["persist_refresh_token"] = failure.rotated.reveal()
    return advice


def _epoch(instant: datetime | None) -> float | None:
    return None if instant is None else instant.timestamp()
