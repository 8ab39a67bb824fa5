"""What is behind an error: of the rules below the first that fits speaks. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from grantline.connections.doctor.connection_causes import (
    ended,
    ended_as_known,
    no_refresh_token,
    skew,
)
from grantline.connections.doctor.diagnosis import Diagnosis, Facts, Severity, explain_difference
from grantline.errors import (
    CallbackRejected,
    EgressBlocked,
    GrantlineError,
    InvalidClient,
    InvalidGrant,
    InvalidResponse,
    LimitExceeded,
    ReauthorizationRequired,
    TransportFailed,
)
from grantline.oauth.answers.error_codes import normal_code
from grantline.oauth.answers.failure import Failure, FailureKind, failure_of
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import FlowType


def cause_of(error: GrantlineError, facts: Facts) -> Diagnosis:
    """The cause of ``error``; in its own words when no rule knows better."""
    symptom = _symptom(error)
    for rule in _RULES:
        found = rule(symptom, facts)
        if found is not None:
            # What the code says already is no evidence for it.
            evidence = tuple(pair for pair in found.evidence if pair[1] != found.code)
            return replace(found, evidence=evidence, severity=Severity.ERROR)
    return Diagnosis(
        code=error.code,
        title="It did not work",
        explanation=error.message,
        evidence=symptom.quoted,
        next_steps=(error.hint,) if error.hint else (),
    )


@dataclass(frozen=True, slots=True)
class _Symptom:
    """An error in the form that rules read.

    Attributes:
        root: The error behind the error, where a request could not be made.
        code: The server's code or our check, normalized.
        text: The server's description, as it came.
    """

    error: GrantlineError
    root: GrantlineError
    failure: Failure | None
    code: str
    text: str

    @property
    def kind(self) -> FailureKind | None:
        """Who has to act."""
        return self.failure.kind if self.failure else None

    @property
    def quoted(self) -> tuple[tuple[str, str], ...]:
        """What the server said, as evidence."""
        said = (("Error", self.code), ("The service's words", self.text))
        return tuple(pair for pair in said if pair[1] not in {"", self.error.code})


def _symptom(error: GrantlineError) -> _Symptom:
    failure = failure_of(error)
    cause = error.__cause__
    root = cause if isinstance(cause, EgressBlocked | TransportFailed | LimitExceeded) else error
    said = failure.error if failure else getattr(error, "error", "") or getattr(error, "check", "")
    text = failure.description if failure else getattr(error, "description", "")
    return _Symptom(error, root, failure, normal_code(said) or error.code, text)


def _blocked(symptom: _Symptom, _facts: Facts) -> Diagnosis | None:
    blocked = symptom.root
    if not isinstance(blocked, EgressBlocked):
        return None
    allow = f"If you run this installation, allow it with the setting {blocked.setting}."
    return Diagnosis(
        code="blocked",
        title="The address may not be reached",
        explanation=blocked.message,
        evidence=(
            ("Rule", blocked.rule),
            *((("Address", blocked.address),) * bool(blocked.address)),
        ),
        next_steps=tuple(step for step in (blocked.hint, allow if blocked.setting else "") if step),
    )


def _tls(symptom: _Symptom, _facts: Facts) -> Diagnosis | None:
    if "tls" not in {getattr(symptom.root, "check", ""), symptom.code}:
        return None
    return Diagnosis(
        code="tls",
        title="The service's certificate is not trusted",
        explanation=symptom.root.message,
        next_steps=(
            "Check the host in the URI: a typing error often leads to another server.",
            "A certificate of a private authority is trusted with the setting GRANTLINE_CA_FILE.",
        ),
    )


def _unreachable(symptom: _Symptom, facts: Facts) -> Diagnosis | None:
    if not isinstance(symptom.root, TransportFailed | LimitExceeded) and symptom.code not in {
        *("connect", "dns", "timeout", "disconnected", "total"),
    }:
        return None
    return Diagnosis(
        code="unreachable",
        title="The service could not be reached",
        explanation=symptom.root.message,
        evidence=(("Token URI", facts.settings.token_uri),),
        next_steps=(
            "Try again in a minute; nothing was lost.",
            "If this goes on, check the URI, and whether this machine reaches the internet.",
        ),
    )


_URL: Final = re.compile(r"https?://[^\s\"'<>),;]+")
_REDIRECT: Final = re.compile(r"(?:redirect|callback)[ _-]?ur[il]|redirect_uri", re.IGNORECASE)


def _redirect_uri(symptom: _Symptom, facts: Facts) -> Diagnosis | None:
    if "redirect_uri" not in symptom.code and not _REDIRECT.search(symptom.text):
        return None
    ours = facts.redirect_uri or facts.settings.redirect_uri
    quoted = (each.rstrip(".") for each in _URL.findall(symptom.text))
    theirs = next((each for each in quoted if each != ours), "")
    differs = (ours, theirs) if ours and theirs else None
    return Diagnosis(
        code="redirect_uri_mismatch",
        title="The redirect URI is not the registered one",
        explanation=(
            "The service compares the two character by character."
            + (f" {explain_difference(ours, theirs)}" if differs else "")
        ),
        evidence=((("Redirect URI we sent", ours),) * bool(ours) + symptom.quoted),
        next_steps=(
            "Copy the redirect URI from here into the app's registration at the service.",
            "Look for another scheme, host or port, for a trailing slash and for capital letters.",
            "Some services take minutes until a new redirect URI works.",
        ),
        differs=differs,
    )


_CALLBACKS: Final = {
    "state_expired": (
        "The consent took too long",
        "Between the start of a consent and its answer may be ten minutes.",
        "Start the authorization again, and answer within ten minutes.",
    ),
    "state_used": (
        "This answer was used before",
        "Each answer works once: a reload, or the back button, brought it a second time.",
        "If the connection is not authorized, start the authorization again.",
    ),
    "session_missing": (
        "This browser did not begin the consent",
        "No session came along: another browser, a private window, or cookies are blocked.",
        "Begin and finish the consent in one browser, under the same address.",
    ),
    "session_mismatch": (
        "Somebody else began this consent",
        "The answer belongs to another session, and it is used for nobody.",
        "Sign in, and start the authorization yourself.",
    ),
    "context_mismatch": (
        "The answer came to the callback of another service",
        "Each service has a callback of its own, so that none receives the code of another.",
        "Register the redirect URI that this connection shows now, then start again.",
    ),
    "iss_mismatch": (
        "Another server answered",
        "The issuer in the answer is not the one of this app (RFC 9207).",
        "Compare the Issuer of the app with the service's documentation.",
    ),
    "iss_missing": (
        "The answer does not name its issuer",
        "This server promised to name itself in its answers (RFC 9207).",
        "If its documentation does not say so, switch off “expect issuer” in the app.",
    ),
    "connection_deleted": (
        "The connection was deleted meanwhile",
        "The answer has nothing to belong to any more.",
        "Create the connection again.",
    ),
}
_STRANGE_CALLBACK: Final = (
    "The answer cannot be used",
    "What the browser brought back does not belong to a consent that was begun here.",
    "Start the authorization again.",
)


def _callback(symptom: _Symptom, _facts: Facts) -> Diagnosis | None:
    if not isinstance(symptom.error, CallbackRejected):
        return None
    check = symptom.error.check
    title, explanation, step = _CALLBACKS.get(check, _STRANGE_CALLBACK)
    return Diagnosis(
        code=check,
        title=title,
        explanation=explanation,
        evidence=(("Check", check),),
        next_steps=(step,),
    )


def _denied(symptom: _Symptom, _facts: Facts) -> Diagnosis | None:
    if symptom.kind is not FailureKind.USER_DENIED and symptom.code != "access_denied":
        return None
    return Diagnosis(
        code="access_denied",
        title="Access was not allowed",
        explanation="The person, or the organization's administrator, said no.",
        evidence=symptom.quoted,
        next_steps=(
            "Start again and choose to allow access.",
            "In an organization, ask the administrator to approve the app.",
            "An app in test mode lets in its listed test users alone.",
        ),
    )


_TIME: Final = re.compile(
    r"\b(?:exp|iat|nbf)\b|clock|timestamp|in the future|not yet valid|too (?:old|early)"
    r"|(?:assertion|jwt|proof)[^.]{0,40}expired",
    re.IGNORECASE,
)
_TIMED_CHECKS: Final = {"id_token_exp", "id_token_iat", "id_token_nbf", "invalid_dpop_proof"}


def _clock(symptom: _Symptom, facts: Facts) -> Diagnosis | None:
    about_time = symptom.code in _TIMED_CHECKS or _TIME.search(symptom.text)
    if not about_time or isinstance(symptom.root, TransportFailed):
        return None
    return skew(facts.server_ahead, facts.now, symptom.quoted)


def _scope(symptom: _Symptom, facts: Facts) -> Diagnosis | None:
    if "scope" not in symptom.code and not re.search(r"\bscopes?\b", symptom.text, re.IGNORECASE):
        return None
    separator = facts.settings.scope_separator
    named = "a space" if separator == " " else f"“{separator}”"
    return Diagnosis(
        code="scope_refused",
        title="The service refuses a scope",
        explanation="One of the scopes is misspelt, or the app may not ask for it.",
        evidence=(("Scopes asked for", separator.join(facts.scopes)), *symptom.quoted),
        next_steps=(
            "Compare each scope with the service's documentation, letter by letter.",
            "Allow the scopes, and the API they belong to, in the app's registration.",
            f"Scopes are joined with {named}; some services want “,” or a space instead.",
        ),
    )


_OTHER_METHOD: Final = {
    ClientAuthentication.CLIENT_SECRET_POST: "HTTP Basic (client_secret_basic)",
    ClientAuthentication.CLIENT_SECRET_BASIC: "in the body (client_secret_post)",
    ClientAuthentication.CLIENT_SECRET_BASIC_RAW: "in the body (client_secret_post)",
    ClientAuthentication.NONE: "in the body (client_secret_post), with the client secret",
}


def _client(symptom: _Symptom, facts: Facts) -> Diagnosis | None:
    if symptom.kind is not FailureKind.CLIENT_CONFIG and not isinstance(
        symptom.error, InvalidClient
    ):
        return None
    method = facts.settings.client_authentication
    other = _OTHER_METHOD.get(method)
    return Diagnosis(
        code="client_refused",
        title="The service does not accept the client ID or secret",
        explanation=(
            "Either one of them is wrong, or the service wants to be shown the secret "
            "in another place."
        ),
        evidence=(("Client ID", facts.settings.client_id), ("Sent", str(method)), *symptom.quoted),
        next_steps=tuple(
            step
            for step in (
                "Copy client ID and client secret from the service's console once more.",
                f"Set Client authentication to {other}." if other else "",
                "Check that the secret was not replaced, and that the app was not deleted.",
            )
            if step
        ),
    )


def _device_code_ended(symptom: _Symptom, facts: Facts) -> Diagnosis | None:
    if facts.flow is not FlowType.DEVICE or symptom.code != "expired_token":
        return None
    return Diagnosis(
        code="device_code_ended",
        title="The code has ended",
        explanation="Nobody entered it in time.",
        evidence=symptom.quoted,
        next_steps=("Start again and enter the new code.",),
    )


def _dead(symptom: _Symptom, facts: Facts) -> Diagnosis | None:
    if not isinstance(symptom.error, InvalidGrant | ReauthorizationRequired):
        return None
    if symptom.kind is FailureKind.CODE_REJECTED:
        return Diagnosis(
            code="code_rejected",
            title="The authorization code is not accepted",
            explanation="It lives for a few minutes, works once, and belongs to one redirect URI.",
            evidence=symptom.quoted,
            next_steps=(
                "Start the authorization again.",
                "If it happens each time, compare Client ID and redirect URI with the console.",
            ),
        )
    if isinstance(symptom.error, ReauthorizationRequired):
        no_token = no_refresh_token(facts)
        if no_token is not None:
            return no_token
    return ended_as_known(facts) or ended(facts, symptom.quoted)


def _moved(symptom: _Symptom, facts: Facts) -> Diagnosis | None:
    if symptom.kind is not FailureKind.REDIRECT:
        return None
    return Diagnosis(
        code="endpoint_moved",
        title="The token endpoint has moved",
        explanation="It answered with a redirect, and secrets do not follow redirects.",
        evidence=(("Token URI", facts.settings.token_uri), *symptom.quoted),
        next_steps=("Enter the address from the service's documentation as Token URI.",),
    )


def _no_token_response(symptom: _Symptom, facts: Facts) -> Diagnosis | None:
    if not isinstance(symptom.error, InvalidResponse):
        return None
    return Diagnosis(
        code="not_a_token_response",
        title="The service's answer is not a token response",
        explanation=symptom.error.message,
        evidence=(("Token URI", facts.settings.token_uri), ("Check", symptom.code)),
        next_steps=(
            "Check the Token URI: a login page or a documentation page answers like this.",
            "If the service puts its tokens elsewhere, name the place in the response settings.",
        ),
    )


_RULES: Final[tuple[Callable[[_Symptom, Facts], Diagnosis | None], ...]] = (
    _blocked,
    _tls,
    _unreachable,
    _callback,
    _redirect_uri,
    _denied,
    _clock,
    _scope,
    _client,
    _device_code_ended,
    _dead,
    _moved,
    _no_token_response,
)
