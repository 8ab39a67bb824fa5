"""Everything that can go wrong, told apart by who has to act.

GrantlineError
├── ConfigurationError            the operator or the caller must change something
│   ├── InvalidInput              a value that was given is wrong: .field names it
│   │   ├── ExpressionFailed      an expression cannot be read or worked out: .line, .column
│   │   ├── MalformedFile         a file cannot be read: .line .column
│   │   └── ScenarioNotReady      it could not run as it is: .problems has all that is wrong
│   ├── UnknownProvider
│   ├── NameTaken                 another connection or app has this name already
│   ├── KeyUnavailable            no key to open this secret: .fingerprint names the wanted one
│   ├── KeyInUse                  the key cannot be given up: something is sealed under it
│   ├── SecretUnreadable          the key is there, the sealed value was damaged or moved
│   └── Quarantined               a copy of a database renews nothing until somebody says so
├── ProtocolError                 the other side broke the specification: .rule cites it
│   ├── DiscoveryFailed
│   ├── CallbackRejected          state, issuer, reuse: .check names which
│   └── InvalidResponse           a token endpoint's answer cannot be used: .check names why
├── AuthorizationServerError      the server said error=...: .error .description .uri .status
│   ├── AuthorizationDenied       access_denied: the person said no
│   ├── InvalidGrant              the code or refresh token is dead
│   └── InvalidClient             the client ID, secret or redirect URI is not accepted
├── ConnectionUnusable            asking again will not help until someone acts
│   ├── ConnectionNotFound
│   ├── AppNotFound
│   ├── NotFound                  no user, API key, saved request or run has this id or name
│   ├── AppInUse
│   ├── ConnectionChanged         somebody edited it meanwhile: read it again
│   ├── AccountChanged            consent was given for another account than before
│   ├── NotAuthorized             never authorized yet (state draft)
│   ├── RunCancelled              somebody cancelled the run of a scenario
│   └── ReauthorizationRequired   .reason
├── TemporarilyUnavailable        asking again may help: .retry_after
│   ├── RefreshInProgress         another process holds the lease past our deadline
│   ├── OutcomeUnknown            a request was sent and its answer was lost
│   ├── RateLimited               the service's limit is used up for longer than we may wait
│   └── StoreBusy
└── RequestError                  an authenticated request failed
    ├── TransportFailed           no usable answer came: refused, reset, TLS, name not found
    ├── EgressBlocked             .address .rule .setting: what was refused, why, what allows it
    ├── LimitExceeded             size, time, redirects
    ├── ModuleFailed              a module of a scenario failed in a way that nobody foresaw
    ├── RunFailed                 .run_id .path .reason: where a run of a scenario ended
    ├── MailRefused               the mail server said no: .status
    └── UpstreamError             .response, from raise_for_status()

Each error speaks to three audiences: ``message`` (anyone may read it; no secret, no text of the
other server), ``hint`` (what to do next) and ``detail`` (for the log). ``code`` is stable: it
is the machine-readable name in ``--format json``, and ``exit_code`` is the command line's status.
"""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import ClassVar


class GrantlineError(Exception):
    """Any failure that Grantline decides about.

    Attributes:
        message: One sentence that anyone may read.
        hint: The next step, or an empty string.
        detail: More for the log; never a secret.
        failure: The classified answer of an OAuth endpoint behind this error, if there is one;
            ``grantline.oauth.answers.failure.failure_of`` gives it with its type.
    """

    failure: object | None = None

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


# --- the operator or the caller must change something ---------------------------------------


class ConfigurationError(GrantlineError):
    """Something that was set up or asked for is wrong."""

    code = "configuration"
    exit_code = 2
    http_status = 400


class InvalidInput(ConfigurationError):
    """A value that was given is wrong; ``field`` names it as the form does."""

    code = "invalid_input"

    def __init__(self, message: str, *, field: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.field = field


class ExpressionFailed(InvalidInput):
    """An expression in a text cannot be read, or there is nothing of the name that it asks for.

    Attributes:
        line: Of the text that a person wrote, from 1.
        column: In characters, from 1.
    """

    code = "expression_failed"

    def __init__(
        self, message: str, *, field: str, line: int, column: int, hint: str = "", detail: str = ""
    ) -> None:
        super().__init__(message, field=field, hint=hint, detail=detail)
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"Line {self.line}, column {self.column}: {super().__str__()}"

    def at(self, field: str) -> ExpressionFailed:
        """The same error, in ``field``."""
        return ExpressionFailed(
            self.message,
            field=field,
            line=self.line,
            column=self.column,
            hint=self.hint,
            detail=self.detail,
        )


class MalformedFile(InvalidInput):
    """A file that a person wrote cannot be read; says where, counted from 1."""

    code = "malformed_file"

    def __init__(
        self,
        message: str,
        *,
        line: int,
        column: int = 1,
        field: str = "file",
        hint: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(f"Line {line}: {message}", field=field, hint=hint, detail=detail)
        self.line = line
        self.column = column


class ScenarioNotReady(InvalidInput):
    """A scenario could not run as it is.

    Attributes:
        problems: All that is wrong, each a ``Problem``; the message is that of the first.
    """

    code = "scenario_not_ready"

    def __init__(
        self,
        message: str,
        *,
        field: str,
        problems: tuple[object, ...] = (),
        hint: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, field=field, hint=hint, detail=detail)
        self.problems = problems


class UnknownProvider(ConfigurationError):
    """No catalogue entry has this name."""

    code = "unknown_provider"


class NameTaken(ConfigurationError):
    """Another connection or app of this workspace has the name already."""

    code = "name_taken"
    http_status = 409


class KeyUnavailable(ConfigurationError):
    """The key that opens the stored secrets is not here; ``fingerprint`` names the wanted key."""

    code = "key_unavailable"
    exit_code = 3
    http_status = 503

    def __init__(
        self, message: str, *, fingerprint: str = "", hint: str = "", detail: str = ""
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.fingerprint = fingerprint


class SecretUnreadable(ConfigurationError):
    """The key is here, but a sealed value was damaged or belongs to another row."""

    code = "secret_unreadable"
    exit_code = 3
    http_status = 500


class KeyInUse(ConfigurationError):
    """A master key cannot be given up yet: it is primary, or secrets are sealed under it."""

    code = "key_in_use"
    http_status = 409


class Quarantined(ConfigurationError):
    """This database may be a copy: renewing here could end the grants of the original."""

    code = "quarantined"
    exit_code = 10
    http_status = 503


# --- the other side broke the specification --------------------------------------------------


class ProtocolError(GrantlineError):
    """The other side broke the specification; ``rule`` cites it, ``check`` is a short name."""

    code = "protocol"
    exit_code = 7
    http_status = 502

    def __init__(
        self, message: str, *, check: str, rule: str = "", hint: str = "", detail: str = ""
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.check = check
        self.rule = rule


class DiscoveryFailed(ProtocolError):
    """The issuer's metadata could not be had or may not be believed."""

    code = "discovery_failed"


class CallbackRejected(ProtocolError):
    """An authorization response that must not be used; no token request was made."""

    code = "callback_rejected"
    http_status = 400


class InvalidResponse(ProtocolError):
    """An answer of an OAuth endpoint that cannot be used."""

    code = "invalid_response"


# --- the server said error=... ---------------------------------------------------------------


class AuthorizationServerError(GrantlineError):
    """The authorization server refused, in its own words (RFC 6749 sections 4.1.2.1, 5.2).

    Attributes:
        error: The server's own code, unchanged.
        description: Its text, reduced to printable characters; quote it, never render it.
        uri: Its ``error_uri`` when that is http(s), else an empty string.
        status: The HTTP status, or None for an error that came by the browser.
    """

    code = "authorization_server_error"
    exit_code = 7
    http_status = 502

    def __init__(
        self,
        message: str,
        *,
        error: str,
        description: str = "",
        uri: str = "",
        status: int | None = None,
        hint: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.error = error
        self.description = description
        self.uri = uri
        self.status = status


class AuthorizationDenied(AuthorizationServerError):
    """The person said no (``access_denied``)."""

    code = "authorization_denied"
    exit_code = 5


class InvalidGrant(AuthorizationServerError):
    """The code or refresh token is expired, revoked or was used before."""

    code = "invalid_grant"
    exit_code = 5


class InvalidClient(AuthorizationServerError):
    """The server does not accept this client: its ID, secret, method or redirect URI."""

    code = "invalid_client"
    exit_code = 7


# --- asking again will not help until someone acts -------------------------------------------


class ConnectionUnusable(GrantlineError):
    """A connection that cannot be used as it is."""

    code = "connection_unusable"
    exit_code = 5
    http_status = 409


class ConnectionNotFound(ConnectionUnusable):
    """No connection of this workspace has this name or id."""

    code = "connection_not_found"
    exit_code = 4
    http_status = 404


class AppNotFound(ConnectionUnusable):
    """No app of this workspace has this name or id."""

    code = "app_not_found"
    exit_code = 4
    http_status = 404


class NotFound(ConnectionUnusable):
    """No user, API key, credential, saved request or run of this workspace has this name or id."""

    code = "not_found"
    exit_code = 4
    http_status = 404


class AppInUse(ConnectionUnusable):
    """The app still has connections."""

    code = "app_in_use"


class AccountChanged(ConnectionUnusable):
    """Consent was given for another account than the connection's; nothing was replaced."""

    code = "account_changed"
    http_status = 409


class ConnectionChanged(ConnectionUnusable):
    """Somebody changed the row since it was read; nothing was overwritten."""

    code = "connection_changed"


class NotAuthorized(ConnectionUnusable):
    """The connection is a draft: nobody has consented yet."""

    code = "not_authorized"


class RunCancelled(ConnectionUnusable):
    """Somebody cancelled the run of a scenario."""

    code = "run_cancelled"


class ReauthorizationRequired(ConnectionUnusable):
    """The grant is dead; ``reason`` says since when and why, as far as is known."""

    code = "reauthorization_required"
    http_status = 424

    def __init__(self, message: str, *, reason: str = "", hint: str = "", detail: str = "") -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.reason = reason


# --- asking again may help --------------------------------------------------------------------


class TemporarilyUnavailable(GrantlineError):
    """Nothing is broken for good; ``retry_after`` says how long to wait when it is known."""

    code = "temporarily_unavailable"
    exit_code = 6
    http_status = 503
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        retry_after: timedelta | None = None,
        hint: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.retry_after = retry_after


class RefreshInProgress(TemporarilyUnavailable):
    """Another process is refreshing this connection and has not finished in time."""

    code = "refresh_in_progress"


class OutcomeUnknown(TemporarilyUnavailable):
    """A request that must not be repeated blindly was sent, and its answer was lost."""

    code = "outcome_unknown"


class RateLimited(TemporarilyUnavailable):
    """The service's rate limit is used up for longer than the request may wait; nothing was sent.

    ``retry_after`` is how long it still is.
    """

    code = "rate_limited"


class StoreBusy(TemporarilyUnavailable):
    """The database did not answer, or another writer held it too long."""

    code = "store_busy"


# --- an authenticated request failed ----------------------------------------------------------


class RequestError(GrantlineError):
    """A request to a service could not be made or did not succeed."""

    code = "request_failed"
    exit_code = 9
    http_status = 502


class TransportFailed(RequestError):
    """No usable answer came: ``sent`` tells whether any byte of the request may have left."""

    code = "transport_failed"
    exit_code = 6
    retryable = True

    def __init__(
        self, message: str, *, check: str, sent: bool, hint: str = "", detail: str = ""
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.check = check
        self.sent = sent


class EgressBlocked(RequestError):
    """The guard refused an address, a URL, a host or a header before any byte left.

    Attributes:
        rule: Short stable name of the rule, such as ``ip_loopback`` or ``host_not_allowed``.
        address: The host, address or name that was refused.
        setting: The setting that would allow it, or an empty string when nothing does.
    """

    code = "egress_blocked"
    exit_code = 8
    http_status = 403

    def __init__(
        self,
        message: str,
        *,
        rule: str,
        address: str = "",
        setting: str = "",
        hint: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.rule = rule
        self.address = address
        self.setting = setting


class LimitExceeded(RequestError):
    """An answer was too large, too slow, or redirected too often; ``limit`` names which."""

    code = "limit_exceeded"

    def __init__(self, message: str, *, limit: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.limit = limit


class MailRefused(RequestError):
    """The mail server refused a message, its sender, its recipients or our login.

    ``status`` is its reply code (RFC 5321 section 4.2): from 500 on it will say the same again.
    """

    code = "mail_refused"

    def __init__(self, message: str, *, status: int, hint: str = "", detail: str = "") -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.status = status


class ModuleFailed(RequestError):
    """A module of a scenario failed in a way that nobody foresaw: a fault of Grantline itself."""

    code = "module_failed"


class RunFailed(RequestError):
    """A run of a scenario did not succeed.

    Attributes:
        run_id: Under which it is found in the history.
        path: Of the step that it failed at; empty when it failed as a whole.
        reason: The ``code`` of what went wrong, or the state that the run is in.
    """

    code = "run_failed"

    def __init__(
        self,
        message: str,
        *,
        run_id: str = "",
        path: str = "",
        reason: str = "",
        hint: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.run_id = run_id
        self.path = path
        self.reason = reason


class UpstreamError(RequestError):
    """The service answered with a status that counts as an error.

    Attributes:
        response: The whole answer.
        service_message: What the service itself says in it, reduced to printable characters;
            quote it, never render it. Empty when nothing of the kind was found.
    """

    code = "upstream_error"

    def __init__(
        self,
        message: str,
        *,
        response: object,
        service_message: str = "",
        hint: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.response = response
        self.service_message = service_message


def places_of(error: BaseException) -> str:
    """What ``error`` is and where it arose, for a log: what it says may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    return f"{type(error).__name__} at {where}"
