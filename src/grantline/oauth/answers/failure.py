"""What a failure at an OAuth endpoint means: who has to act, and whether asking again may help.

Every error raised while an answer is read carries its ``Failure``; ``failure_of`` gives it back.
The classes are few on purpose: a provider's wording never decides anything after this point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from grantline.errors import (
    AuthorizationDenied,
    AuthorizationServerError,
    EgressBlocked,
    GrantlineError,
    InvalidClient,
    InvalidGrant,
    InvalidResponse,
    LimitExceeded,
    OutcomeUnknown,
    TemporarilyUnavailable,
    TransportFailed,
)
from grantline.oauth.grant import GrantType
from grantline.secret import Secret


class FailureKind(StrEnum):
    """Who has to act on a failure, and how."""

    REAUTH = "reauth"  # the grant is dead: a person must consent again
    CODE_REJECTED = "code_rejected"  # the authorization code is dead: start again
    CLIENT_CONFIG = "client_config"  # our registration is wrong: ID, secret, redirect URI
    REQUEST = "request"  # the server understood and refuses: scopes, parameters, method
    REQUEST_OR_REAUTH = "request_or_reauth"  # a refusal that may mean a dead grant, unproven
    USER_DENIED = "user_denied"  # the person said no
    USER_ACTION = "user_action"  # the person must do something at the service
    TRANSIENT = "transient"  # asking again later may help
    AMBIGUOUS = "ambiguous"  # the request may have been carried out; its answer is lost
    BAD_RESPONSE = "bad_response"  # the answer cannot be used
    SECURITY = "security"  # the answer must not be used
    REDIRECT = "redirect"  # the endpoint has moved; OAuth endpoints are not followed
    UNSUPPORTED_TOKEN_TYPE = "unsupported_token_type"  # a token we do not know how to present
    EXPIRED = "expired"  # the journey took too long: start again
    GONE = "gone"  # what the answer was for does not exist any more
    ALREADY_GONE = "already_gone"  # the token to be revoked was dead before


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failure, classified.

    Attributes:
        kind: Who has to act.
        error: The server's own code, or our label where it gave none.
        description: The server's text, printable characters only; quote it, never render it.
        uri: Its ``error_uri`` when that is http(s), else an empty string.
        status: The HTTP status; None when no answer came, or it came by the browser.
        retry_after: How long to wait, when that is known.
        may_retry: Whether the same request may be sent again without asking anybody.
        extra: The other fields of the answer, as given.
        rotated: A new refresh token in an answer that is otherwise unusable. The old one is
            probably spent, so this one must be stored before the failure is acted on.
    """

    kind: FailureKind
    error: str
    description: str = ""
    uri: str = ""
    status: int | None = None
    retry_after: timedelta | None = None
    may_retry: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    rotated: Secret | None = None

    @property
    def is_dead_grant(self) -> bool:
        """Whether the connection may be marked: only an explicit refusal of the grant does."""
        return self.kind is FailureKind.REAUTH

    def as_error(self) -> GrantlineError:
        """The exception to raise, with this failure on it."""
        error = self._error()
        error.failure = self
        return error

    def _error(self) -> GrantlineError:
        message, hint = _WORDS[self.kind]
        match self.kind:
            case FailureKind.TRANSIENT:
                return TemporarilyUnavailable(message, retry_after=self.retry_after, hint=hint)
            case FailureKind.AMBIGUOUS:
                return OutcomeUnknown(message, hint=hint)
            case (
                FailureKind.BAD_RESPONSE
                | FailureKind.SECURITY
                | FailureKind.REDIRECT
                | FailureKind.UNSUPPORTED_TOKEN_TYPE
                | FailureKind.GONE
            ):
                return InvalidResponse(message, check=self.error, hint=hint)
        refusal = _REFUSALS.get(self.kind, AuthorizationServerError)
        return refusal(
            message,
            error=self.error,
            description=self.description,
            uri=self.uri,
            status=self.status,
            hint=hint,
        )


_REFUSALS: Final[Mapping[FailureKind, type[AuthorizationServerError]]] = {
    FailureKind.REAUTH: InvalidGrant,
    FailureKind.CODE_REJECTED: InvalidGrant,
    FailureKind.EXPIRED: InvalidGrant,
    FailureKind.CLIENT_CONFIG: InvalidClient,
    FailureKind.USER_DENIED: AuthorizationDenied,
}

_WORDS: Final[Mapping[FailureKind, tuple[str, str]]] = {
    FailureKind.REAUTH: (
        "The service says that the authorization has ended: it expired or was revoked.",
        "Authorize the connection again.",
    ),
    FailureKind.CODE_REJECTED: (
        "The service does not accept the authorization code: it expired or was used before.",
        "Start the authorization again.",
    ),
    FailureKind.CLIENT_CONFIG: (
        "The service does not accept this app's registration.",
        "Compare Client ID, Client secret and redirect URI with the service's console.",
    ),
    FailureKind.REQUEST: (
        "The service refuses the request as it was made.",
        "Check the scopes, the parameters and the Token URI of the app.",
    ),
    FailureKind.REQUEST_OR_REAUTH: (
        "The service refuses to renew the token and does not clearly say why.",
        "If this goes on, authorize the connection again.",
    ),
    FailureKind.USER_DENIED: (
        "The person did not allow access.",
        "Start again when access may be given.",
    ),
    FailureKind.USER_ACTION: (
        "The service wants the person to do something first.",
        "Log in at the service, see what it asks for, then authorize again.",
    ),
    FailureKind.TRANSIENT: (
        "The service cannot answer at the moment.",
        "Nothing needs to be done; it will be asked again.",
    ),
    FailureKind.AMBIGUOUS: (
        "The request was sent, and its answer was lost.",
        "Start the authorization again.",
    ),
    FailureKind.BAD_RESPONSE: (
        "The service's answer is not a token response.",
        "Check that the Token URI is right.",
    ),
    FailureKind.SECURITY: (
        "The service's answer was refused because using it would be unsafe.",
        "",
    ),
    FailureKind.REDIRECT: (
        "The endpoint has moved, and OAuth endpoints are not followed.",
        "Enter the new address in the app.",
    ),
    FailureKind.UNSUPPORTED_TOKEN_TYPE: (
        "The service gave a type of token that Grantline cannot present.",
        "",
    ),
    FailureKind.EXPIRED: (
        "The authorization took too long and has expired.",
        "Start the authorization again.",
    ),
    FailureKind.GONE: ("The connection was deleted meanwhile.", ""),
    FailureKind.ALREADY_GONE: ("The token was not valid any more.", ""),
}


def failure_of(error: GrantlineError) -> Failure | None:
    """The classified failure behind ``error``, when an OAuth endpoint's answer caused it."""
    return error.failure if isinstance(error.failure, Failure) else None


def failure_from_transport(error: GrantlineError, *, grant: GrantType) -> Failure:
    """What it means that no answer to a token request came.

    What certainly never left may be sent again, whatever it was. Else the server may have acted
    on it: a refresh is worth repeating, a code must not be (RFC 6749 section 4.1.2).
    """
    known = failure_of(error)
    if known is not None:
        return known
    match error:
        case EgressBlocked():
            return Failure(kind=FailureKind.SECURITY, error=error.rule)
        case LimitExceeded(limit="response_bytes"):
            return Failure(kind=FailureKind.BAD_RESPONSE, error="response_too_large")
        case TransportFailed(check="content_decoding"):
            return Failure(kind=FailureKind.BAD_RESPONSE, error="content_decoding")
        case TransportFailed(sent=False):
            return Failure(kind=FailureKind.TRANSIENT, error=error.check, may_retry=True)
        case TransportFailed():
            label = error.check
        case LimitExceeded():
            label = error.limit
        case _:
            label = error.code
    if grant.is_single_use:
        return Failure(kind=FailureKind.AMBIGUOUS, error=label)
    return Failure(kind=FailureKind.TRANSIENT, error=label, may_retry=True)
