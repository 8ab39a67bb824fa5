"""What the doctor says, and what he has to know first. Pure.

``error_causes`` reads an error, ``connection_causes`` the connection itself, ``doctor`` asks both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from grantline.errors import GrantlineError
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.providers.profile import Profile


class Severity(StrEnum):
    """How much a finding weighs, the weightiest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is wrong, in words for people.

    Attributes:
        code: Stable name of the finding.
        severity: An error keeps something from working now, a warning may do so later or costs
            safety, a note is worth knowing.
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
    severity: Severity = Severity.ERROR


def is_well(found: Iterable[Diagnosis]) -> bool:
    """Whether none of ``found`` asks for anything."""
    return all(each.severity is Severity.NOTE for each in found)


def weight(found: Iterable[Diagnosis]) -> int:
    """Where ``found`` belongs in a list that begins with what weighs most."""
    order = list(Severity)
    return min((order.index(each.severity) for each in found), default=len(order))


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
        trouble: Why it is not renewed, in words; empty when that is no matter of its own.
        entry: What the catalogue knows of the service; None when it does not know it.
        next_redirect_uri: As the next consent sends it; empty when that is not known here.
        public_redirect_uri: The one of this installation's public URL; likewise.
        hosts: Where the token may go.
        asked_hosts: Name of each saved request that carries the token, and the host it asks.
        refresh_ends_at: When the refresh token dies unless it is used.
        unreached: Hosts of the service that could not be asked, each with the error.
        secret_ends_at: When the client secret dies, if the service said so.
        moved: Settings for which the issuer now publishes another address, each with that.
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
    trouble: str = ""
    entry: Profile | None = None
    next_redirect_uri: str = ""
    public_redirect_uri: str = ""
    hosts: tuple[str, ...] = ()
    asked_hosts: tuple[tuple[str, str], ...] = ()
    refresh_ends_at: datetime | None = None
    unreached: tuple[tuple[str, GrantlineError], ...] = ()
    secret_ends_at: datetime | None = None
    moved: tuple[tuple[str, str], ...] = ()


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
