"""The device authorization grant (RFC 8628): consent on another screen, and polling for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeGuard
from urllib.parse import urlsplit

from grantline.errors import GrantlineError, InvalidResponse
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.answers.body import parse_body
from grantline.oauth.answers.error_answer import failure_from_status, redirect_failure, refusal
from grantline.oauth.answers.error_sign import error_sign
from grantline.oauth.answers.failure import Failure, FailureKind
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import Flow
from grantline.oauth.grant import GrantType
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop
from grantline.oauth.requests.parameters import (
    AUTHORIZE_PARAMETERS,
    OWNED_IN_AUTHORIZATION,
    Purpose,
)
from grantline.oauth.requests.resource import resource_parameters
from grantline.oauth.requests.token_request import (
    Grant,
    authenticated_request,
    scope_parameters,
    token_flow,
    token_grant,
    token_request,
)
from grantline.oauth.tokens.expiry import lifetime_end
from grantline.secret import Secret

DEVICE_AUTHORIZATION_URI: Final = "Device authorization URI"

DEFAULT_INTERVAL: Final = timedelta(seconds=5)  # RFC 8628 section 3.2
LONGEST_INTERVAL: Final = timedelta(minutes=5)
_SLOW_DOWN: Final = timedelta(seconds=5)  # section 3.5

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorization:
    """A device code, and what to show the person (RFC 8628 section 3.2).

    Attributes:
        device_code: What polling presents.
        user_code: What the person types.
        verification_uri: Where; https, safe to show and to link.
        verification_uri_complete: The same with the code in it, as a link or a QR code only.
        expires_at: When to stop polling; None when the server does not say.
        interval: The least wait between two polls.
    """

    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str = ""
    expires_at: datetime | None = None
    interval: timedelta = DEFAULT_INTERVAL


def device_authorization_request(
    *, settings: AppSettings, secrets: ClientSecrets, scopes: tuple[str, ...], moment: Moment
) -> HttpRequest:
    """The request for a device code (RFC 8628 section 3.1).

    The Authorize parameters go along: this is where the grant asks for what a browser would.
    """
    grant = Grant(
        parameters=scope_parameters(settings, scopes) + resource_parameters(settings.resources),
        endpoint=settings.device_authorization_uri,
        endpoint_field=DEVICE_AUTHORIZATION_URI,
        extra=settings.authorize_parameters,
        extra_field=AUTHORIZE_PARAMETERS,
        owned=OWNED_IN_AUTHORIZATION,
        purpose=Purpose.AUTHORIZE,
    )
    return authenticated_request(grant, settings=settings, secrets=secrets, moment=moment)


def device_token_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    device_code: Secret,
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """One poll (section 3.4). The caller waits between two, as ``next_interval`` says."""
    grant = _grant(settings, device_code)
    return token_request(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def device_token_flow(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    device_code: Secret,
    moment: Moment,
    dpop: Dpop | None = None,
) -> Flow[HttpResponse]:
    """The answer to one poll, unread."""
    grant = _grant(settings, device_code)
    return token_flow(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def parse_device_authorization_response(
    response: HttpResponse, *, now: datetime
) -> DeviceAuthorization:
    """The device authorization that ``response`` starts (RFC 8628 section 3.2).

    Raises:
        AuthorizationServerError: The server refused.
        TemporarilyUnavailable: Asking again may help.
        InvalidResponse: A code or the URI is missing, or the URI is not one to send people to.
    """
    moved = redirect_failure(response)
    if moved is not None:
        raise moved.as_error()
    try:
        body = parse_body(response)
    except InvalidResponse as error:
        if response.status >= 400:
            raise _status_failure(response, now).as_error() from None
        raise _failed(response, error.check) from None
    fields = body.fields
    device_code = fields.get("device_code")
    sign = error_sign(fields, status=response.status, has_token=bool(device_code))
    if sign is not None:
        raise refusal(response, body, sign, grant=GrantType.DEVICE_CODE, now=now).as_error()
    if response.status >= 400:
        raise _status_failure(response, now).as_error()
    user_code = fields.get("user_code")
    if not _is_text(device_code) or not _is_text(user_code):
        raise _failed(response, "missing_device_code")
    # Google wrote verification_url before the RFC was out, and others followed.
    uri = fields.get("verification_uri") or fields.get("verification_url")
    if not _is_safe_uri(uri, response.url):
        raise _failed(response, "bad_verification_uri", FailureKind.SECURITY)
    complete = fields.get("verification_uri_complete") or fields.get("verification_url_complete")
    return DeviceAuthorization(
        device_code=Secret(device_code),
        user_code=user_code,
        verification_uri=uri,
        verification_uri_complete=complete if _is_safe_uri(complete, response.url) else "",
        expires_at=lifetime_end(fields.get("expires_in"), now=now),
        interval=_interval(fields.get("interval"), now) or DEFAULT_INTERVAL,
    )


def next_interval(failure: Failure, interval: timedelta, *, now: datetime) -> timedelta:
    """The wait before the next poll, and between all that follow (RFC 8628 section 3.5).

    ``slow_down`` adds five seconds for good, or what the server names if that is more. When no
    answer came the interval doubles, as the section suggests.

    Args:
        failure: What the last poll came to; one that may be retried.
        interval: The wait so far.
        now: The instant of the failure.
    """
    if failure.error == "slow_down":
        named = _interval(failure.extra.get("interval"), now) or timedelta(0)
        interval = max(interval + _SLOW_DOWN, named)
    elif failure.status is None:
        interval = interval * 2
    return max(min(interval, LONGEST_INTERVAL), failure.retry_after or timedelta(0))


def _grant(settings: AppSettings, device_code: Secret) -> Grant:
    return token_grant(
        settings,
        (("grant_type", GrantType.DEVICE_CODE), ("device_code", device_code.reveal())),
    )


def _interval(value: Any, now: datetime) -> timedelta | None:
    end = lifetime_end(value, now=now)
    return None if end is None else min(end - now, LONGEST_INTERVAL)


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value) and value.isprintable()


def _is_safe_uri(value: Any, asked: str) -> TypeGuard[str]:
    """Whether people may be sent there: https, or plain on this machine like the server asked."""
    if not _is_text(value) or " " in value or "\\" in value:
        return False
    try:
        parts, server = urlsplit(value), urlsplit(asked)
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None:
        return False
    local = parts.hostname in _LOOPBACK and server.hostname in _LOOPBACK
    return parts.scheme == "https" or (parts.scheme == "http" and local)


def _status_failure(response: HttpResponse, now: datetime) -> Failure:
    return failure_from_status(response, grant=GrantType.DEVICE_CODE, now=now)


def _failed(
    response: HttpResponse, error: str, kind: FailureKind = FailureKind.BAD_RESPONSE
) -> GrantlineError:
    return Failure(kind=kind, error=error, status=response.status).as_error()
