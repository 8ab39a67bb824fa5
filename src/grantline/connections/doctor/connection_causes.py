"""What can be wrong with a connection though no request failed: every rule that fits speaks.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from grantline.connections.doctor.diagnosis import Diagnosis, Facts, Severity
from grantline.connections.doctor.offline import missing, other_ways
from grantline.connections.renewal.health import CAUSE_ANSWER_LOST
from grantline.oauth.app.settings import FlowType

SKEW: Final = timedelta(minutes=1)
# A grant is seen to have ended only when it is used: up to two days later, or a little early.
_SEEN_BEFORE: Final = timedelta(hours=6)
_SEEN_AFTER: Final = timedelta(days=2)


def causes_in(facts: Facts) -> list[Diagnosis]:
    """Everything that the facts alone tell, the weightiest first."""
    return [each for each in (rule(facts) for rule in _RULES) if each is not None]


def no_refresh_token(facts: Facts) -> Diagnosis | None:
    """A token that will end, and nothing to renew it with."""
    person = facts.flow in {FlowType.AUTHORIZATION_CODE, FlowType.DEVICE, FlowType.IMPLICIT}
    if not person or not facts.is_authorized or facts.has_refresh_token:
        return None
    if facts.settings.response.refresh_with == "access_token":
        return None
    if facts.expires_at is None and facts.flow is not FlowType.IMPLICIT:
        return None  # a token without an end needs none
    if facts.flow is FlowType.IMPLICIT:
        steps: tuple[str, ...] = (
            "Choose the flow type authorization code, where the service offers it.",
        )
    elif lacking := missing(facts.settings, facts.scopes, facts.entry):
        steps = (f"Add {lacking}, then reauthorize.",)
    else:
        prompt = (
            "Add the authorize parameter prompt=consent, then reauthorize: services that follow "
            "OpenID Connect pass over offline_access without it."
        )
        ask_again = (
            "It was asked for. Many services issue a refresh token at the first consent alone: "
            "remove the app's access in the account's settings there, then reauthorize."
        )
        steps = (*other_ways(facts.entry), *(prompt,) * _lacks_prompt(facts), ask_again)
    return Diagnosis(
        code="no_refresh_token",
        severity=Severity.WARNING,
        title="The service gave no refresh token",
        explanation=(
            "When the access token ends, somebody has to consent again: nothing can renew it."
        ),
        evidence=(
            (("Access token ends", f"{facts.expires_at:%Y-%m-%d %H:%M} UTC"),)
            if facts.expires_at
            else ()
        ),
        next_steps=steps,
    )


def _lacks_prompt(facts: Facts) -> bool:
    """Whether ``offline_access`` is asked for in a way that servers are to ignore.

    OpenID Connect Core section 11 wants a consent that was asked for besides.
    """
    if facts.flow is not FlowType.AUTHORIZATION_CODE or "offline_access" not in facts.scopes:
        return False
    return "consent" not in dict(facts.settings.authorize_parameters).get("prompt", "").split()


def _fewer_scopes(facts: Facts) -> Diagnosis | None:
    if facts.granted is None:
        return None
    # A refresh token and an ID token tell of these two by being there.
    asked = [each for each in facts.scopes if each not in {"offline_access", "openid"}]
    missing = [each for each in asked if not any(_is_same(each, own) for own in facts.granted)]
    if not facts.is_authorized or not missing:
        return None
    return Diagnosis(
        code="fewer_scopes",
        severity=Severity.WARNING,
        title="Fewer scopes were granted than asked for",
        explanation="Requests that need the others will be refused.",
        evidence=(
            ("Not granted", " ".join(missing)),
            ("Granted", " ".join(facts.granted)),
        ),
        next_steps=(
            "Reauthorize, and leave every box of the consent page ticked.",
            "Check that the app's registration, or its plan, allows these scopes.",
        ),
    )


def _is_same(asked: str, granted: str) -> bool:
    """Whether ``granted`` is what ``asked`` is called in answers.

    Google answers ``email`` with ``…/auth/userinfo.email``, Microsoft ``User.Read`` with its URL.
    """
    ours, theirs = asked.lower(), granted.lower()
    return ours == theirs or theirs.endswith((f"/{ours}", f"/userinfo.{ours}"))


def _other_account(facts: Facts) -> Diagnosis | None:
    if not facts.previous_account or facts.previous_account == facts.account:
        return None
    return Diagnosis(
        code="other_account",
        severity=Severity.WARNING,
        title="It is another account now",
        explanation="The last consent was given by another account than the one before.",
        evidence=(("Before", facts.previous_account), ("Now", facts.account)),
        next_steps=(
            "If that was not meant: sign out at the service, then reauthorize.",
            "For both accounts, duplicate the connection and authorize the copy.",
        ),
    )


def ended_as_known(facts: Facts) -> Diagnosis | None:
    """A grant that ended after as many days as the catalogue says grants of this service may."""
    if facts.authorized_at is None or facts.entry is None:
        return None
    age = facts.now - facts.authorized_at
    for trap in facts.entry.traps:
        life = timedelta(days=trap.ends_after_days)
        if life and -_SEEN_BEFORE <= age - life <= _SEEN_AFTER:
            return Diagnosis(
                code="known_end",
                title=trap.what.rstrip("."),
                explanation=trap.why,
                evidence=(("Consent was given", f"{facts.authorized_at:%Y-%m-%d %H:%M} UTC"),),
                next_steps=(trap.next,),
            )
    return None


def _skewed(facts: Facts) -> Diagnosis | None:
    if facts.server_ahead is None or abs(facts.server_ahead) < SKEW:
        return None
    return skew(facts.server_ahead, facts.now, ())


def skew(ahead: timedelta | None, now: datetime, quoted: tuple[tuple[str, str], ...]) -> Diagnosis:
    """Clocks that disagree, or may, where a signature was refused for its time."""
    evidence = [("This machine's clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")]
    if ahead is not None:
        evidence.append(("The service's clock", f"{now + ahead:%Y-%m-%d %H:%M:%S} UTC"))
    return Diagnosis(
        code="clock_skew",
        severity=Severity.WARNING,
        title="The clocks disagree",
        explanation="Signed requests and tokens are valid for minutes, by the clock of each side.",
        evidence=(*evidence, *quoted),
        next_steps=("Set this machine's clock by NTP, then try again.",),
    )


def ended(facts: Facts, quoted: tuple[tuple[str, str], ...]) -> Diagnosis:
    """A grant that the service does not know any more."""
    lost = facts.cause == CAUSE_ANSWER_LOST
    since = facts.authorized_at
    return Diagnosis(
        code="grant_ended",
        title="The authorization has ended",
        explanation=(
            "The service had answered with a new refresh token, and that answer was lost on its "
            "way: nobody revoked anything."
            if lost
            else "Somebody revoked it, the password changed, or it was not used for too long."
        ),
        evidence=((("Consent was given", f"{since:%Y-%m-%d %H:%M} UTC"),) if since else ())
        + quoted,
        next_steps=("Reauthorize the connection.",),
    )


_RULES: Final[tuple[Callable[[Facts], Diagnosis | None], ...]] = (
    _other_account,
    no_refresh_token,
    _fewer_scopes,
    _skewed,
)
