"""The authorization response that a browser brings back (RFC 6749 section 4.1.2, RFC 9207).

Everything is checked before the code may go anywhere: a code that is exchanged in the wrong
journey connects one person's account for another. What only the caller can know (sessions, used
states, deleted connections) he states as objections; the rules stay in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl

from grantline.errors import CallbackRejected
from grantline.oauth.answers.error_answer import http_link, printable, settled
from grantline.oauth.answers.error_codes import kind_of_code
from grantline.oauth.answers.failure import Failure, FailureKind
from grantline.oauth.app.allowed_values import is_allowed
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.grant import GrantType
from grantline.secret import Secret

STATE_LIFETIME: Final = timedelta(minutes=10)
MAX_PARAMETERS: Final = 100

_OURS: Final = ("state", "iss", "code", "error", "error_description", "error_uri", "access_token")


class Objection(StrEnum):
    """Something that the caller knows against a callback whose state is right."""

    STATE_USED = "state_used"  # the journey is over: a reload, or a replay
    SESSION_MISSING = "session_missing"  # the browser is nobody's: no session came along
    SESSION_MISMATCH = "session_mismatch"  # somebody else started the journey
    CONTEXT_MISMATCH = "context_mismatch"  # the path belongs to another authorization server
    CONNECTION_DELETED = "connection_deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackExpectation:
    """What the callback of one journey must look like.

    Attributes:
        state: The state that was sent; None when no journey is pending.
        issuer: The authorization server's issuer identifier; empty when it has none.
        expect_iss: Whether the server promised ``iss`` (RFC 9207 section 3).
        age: How long ago the journey began.
        objections: What the caller knows against it.
        rules: The name of the code, and what else to keep.
    """

    state: Secret | None
    issuer: str = ""
    expect_iss: bool = False
    age: timedelta = timedelta(0)
    objections: tuple[Objection, ...] = ()
    rules: ResponseRules = field(default_factory=ResponseRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """A code to exchange, and what came along with it.

    Attributes:
        code: To be sent once.
        captured: The parameters that the app's rules keep on the connection.
    """

    code: Secret
    captured: Mapping[str, str] = field(default_factory=dict)


def parse_callback(query: str, expected: CallbackExpectation) -> AuthorizationCode:
    """The authorization code in ``query``, or in the form body of a ``form_post`` answer.

    Raises:
        CallbackRejected: The answer must not be used; ``check`` names the first reason.
        AuthorizationDenied: The person said no.
        AuthorizationServerError: The server refused in another way (section 4.1.2.1).
        TemporarilyUnavailable: The server asks to come back later.
    """
    rules = expected.rules
    code_names = ("code",) if rules.code_parameter == "code" else (rules.code_parameter, "code")
    parameters = journey_parameters(query, expected)
    code = next((parameters[name] for name in code_names if parameters.get(name)), "")
    if "access_token" in parameters:
        # A8: an answer to a code request never carries a token; someone else made it.
        raise rejected("token_in_redirect", FailureKind.SECURITY)
    if code and parameters.get("error"):
        raise rejected("error_and_code", FailureKind.BAD_RESPONSE)
    refuse_error(parameters)
    if not code:
        raise rejected("code_missing", FailureKind.BAD_RESPONSE)
    for name, _ in rules.allowed_values:
        if name in parameters and not is_allowed(rules, name, parameters[name]):
            raise rejected("param_not_allowed", FailureKind.SECURITY)
    captured = {name: parameters[name] for name in rules.captured_parameters if name in parameters}
    return AuthorizationCode(code=Secret(code), captured=captured)


def presented_state(query: str) -> Secret | None:
    """The state that ``query`` claims, to find the journey by; it proves nothing yet."""
    pairs = parse_qsl(query.lstrip("?#"), keep_blank_values=True)
    state = next((value for name, value in pairs if name == "state"), "")
    return Secret(state) if state else None


def journey_parameters(query: str, expected: CallbackExpectation) -> dict[str, str]:
    """The parameters of a redirect that belongs to the journey; empty ones count as absent.

    Raises:
        CallbackRejected: It does not belong to it, or says something twice.
    """
    names = {*_OURS, expected.rules.code_parameter, *expected.rules.captured_parameters}
    parameters = _parameters(query, names)
    state = parameters.get("state")
    if not state:
        raise rejected("state_missing", FailureKind.SECURITY)
    if expected.state is None or Secret(state) != expected.state:
        raise rejected("state_mismatch", FailureKind.SECURITY)
    for objection in Objection:
        if objection in expected.objections:
            gone = objection is Objection.CONNECTION_DELETED
            raise rejected(objection, FailureKind.GONE if gone else FailureKind.SECURITY)
    if expected.age > STATE_LIFETIME:
        raise rejected("state_expired", FailureKind.EXPIRED)
    _check_issuer(parameters.get("iss"), expected)
    return parameters


def refuse_error(parameters: Mapping[str, str]) -> None:
    """Refuse an answer whose ``parameters`` are an error (RFC 6749 section 4.1.2.1).

    Raises:
        AuthorizationServerError: Or what else fits the server's code.
    """
    error = parameters.get("error") or parameters.get("error_code")
    if not error:
        return
    kind = kind_of_code(error) or FailureKind.REQUEST
    if kind is FailureKind.AMBIGUOUS:
        kind = FailureKind.TRANSIENT  # nothing was presented yet that could have been spent
    description = parameters.get("error_description") or parameters.get("error_message", "")
    raise Failure(
        kind=settled(kind, GrantType.AUTHORIZATION_CODE),
        error=printable(error),
        description=printable(description),
        uri=http_link(parameters.get("error_uri", "")),
    ).as_error()


def is_reload(failure: Failure) -> bool:
    """Whether the browser only came back to a finished journey: show the page it saw before."""
    return failure.error == Objection.STATE_USED


def rejected(check: str, kind: FailureKind) -> CallbackRejected:
    """The refusal of a callback; its message never holds what the browser brought."""
    error = CallbackRejected(
        "The answer that the browser brought back was refused.",
        check=check,
        rule="RFC 6749 section 10.12" if check.startswith("state") else "",
        hint="Start the authorization again.",
    )
    error.failure = Failure(kind=kind, error=check)
    return error


def _parameters(query: str, names: set[str]) -> dict[str, str]:
    # Half a surrogate pair is not text, and would break what comes after.
    query = query.removeprefix("?").removeprefix("#").encode("utf-8", "replace").decode()
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise rejected("no_parameters", FailureKind.BAD_RESPONSE) from None
    if not pairs:
        raise rejected("no_parameters", FailureKind.BAD_RESPONSE)
    given = [name for name, _ in pairs if name in names]
    if len(given) != len(set(given)):
        raise rejected("duplicate_parameter", FailureKind.BAD_RESPONSE)
    return {name: value for name, value in pairs if value}


def _check_issuer(iss: str | None, expected: CallbackExpectation) -> None:
    """Refuse an answer of another server (RFC 9207 section 2.4): compared byte for byte."""
    if iss is None:
        if expected.expect_iss:
            raise rejected("iss_missing", FailureKind.SECURITY)
    elif expected.issuer and iss != expected.issuer:
        raise rejected("iss_mismatch", FailureKind.SECURITY)
