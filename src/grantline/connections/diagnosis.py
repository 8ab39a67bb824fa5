"""What the doctor says, and what he has to know first. Pure.

``error_causes`` reads an error, ``connection_causes`` the connection itself, ``doctor`` asks both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from grantline.oauth.settings import AppSettings, FlowType


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is wrong, in words for people.

    Attributes:
        code: Stable name of the finding.
        evidence: Label and value of what it was concluded from.
        next_steps: What to do, the likeliest first.
        differs: Two strings that should be equal: the one sent, and the one the service has.
    """

    code: str
    title: str
    explanation: str
    evidence: tuple[tuple[str, str], ...] = ()
    next_steps: tuple[str, ...] = ()
    differs: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a connection besides the error.

    Attributes:
        scopes: Asked for.
        granted: What the service granted; None when it did not say.
        redirect_uri: As it was last sent.
        previous_account: Whose it was before the last consent, when that is somebody else.
        server_ahead: How far the server's clock is ahead of ours, by its Date header.
        cause: Of the connection's health.
    """

    settings: AppSettings
    flow: FlowType
    now: datetime
    scopes: tuple[str, ...] = ()
    granted: tuple[str, ...] | None = None
    is_authorized: bool = False
    has_refresh_token: bool = False
    expires_at: datetime | None = None
    authorized_at: datetime | None = None
    redirect_uri: str = ""
    account: str = ""
    previous_account: str = ""
    server_ahead: timedelta | None = None
    cause: str = ""


def first_difference(expected: str, given: str) -> int:
    """The index from which the two differ; the shorter one's length when it begins the other."""
    pairs = enumerate(zip(expected, given, strict=False))
    shorter = min(len(expected), len(given))
    return next((index for index, (ours, theirs) in pairs if ours != theirs), shorter)


def explain_difference(expected: str, given: str) -> str:
    """In one sentence, how the redirect URI ``given`` differs from the one ``expected``."""
    if expected.rstrip("/") == given.rstrip("/"):
        return "They differ by a slash at the end."
    if expected.lower() == given.lower():
        return "They differ in capital letters."
    scheme, _, rest = expected.partition("://")
    other_scheme, _, other_rest = given.partition("://")
    if rest == other_rest:
        return f"One begins with {scheme}, the other with {other_scheme}."
    host, other_host = rest.partition("/")[0], other_rest.partition("/")[0]
    if host != other_host:
        same = host.partition(":")[0] == other_host.partition(":")[0]
        return f"They name different {'ports' if same else 'hosts'}: {host} and {other_host}."
    return "Their paths differ."
