"""What can be wrong with a connection that works, or that nobody has used yet. Pure.

The page of a connection shows what fails; these are for who asks the doctor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from grantline.connections.doctor.diagnosis import Diagnosis, Facts, Severity, explain_difference
from grantline.connections.doctor.error_causes import cause_of
from grantline.connections.doctor.host_causes import host_causes, host_of
from grantline.connections.labels import label_of
from grantline.connections.renewal.schedule import ENDS_SOON
from grantline.providers.profile import Profile, Trap
from grantline.url import is_loopback_host

# Of an idle lifetime: a server that runs renews at the half, so what comes below this is forgotten.
_FORGOTTEN_SHARE: Final = 0.25


def standing_causes(facts: Facts) -> list[Diagnosis]:
    """Everything that the facts tell besides what fails, the weightiest first."""
    found = [each for rule in _RULES for each in rule(facts)]
    return sorted(found, key=lambda each: list(Severity).index(each.severity))


def _unreached(facts: Facts) -> Iterator[Diagnosis]:
    for host, error in facts.unreached:
        found = cause_of(error, facts)
        shown = (each for each in found.evidence if each[0] != "Token URI")
        yield replace(found, evidence=(("Host", host), *shown))


def _trouble(facts: Facts) -> Iterator[Diagnosis]:
    if facts.trouble:
        yield Diagnosis(
            code="renewal_fails",
            title="The token is not renewed",
            explanation=facts.trouble,
            evidence=((("Cause", facts.cause),) if facts.cause else ()),
            next_steps=(
                "It is tried again by itself; to try now, verify the connection.",
                "The connection's transcript has what was said.",
            ),
        )


def _redirect(facts: Facts) -> Iterator[Diagnosis]:
    ours, before, public = facts.next_redirect_uri, facts.redirect_uri, facts.public_redirect_uri
    if not facts.flow.needs_browser or not ours:
        return
    both_local = is_loopback_host(host_of(ours)) and is_loopback_host(host_of(public))
    if public and _origin(ours) != _origin(public) and not both_local:
        yield Diagnosis(
            code="redirect_uri_elsewhere",
            title="Consent does not come back here",
            explanation=(
                "The app has a redirect URI of its own, and it leads to another address than the "
                f"public URL. {explain_difference(ours, public)}"
            ),
            evidence=(("Redirect URI of the app", ours), ("Public URL leads to", public)),
            next_steps=(
                "Leave the app's redirect URI empty, and register the one of this installation.",
                "Or set GRANTLINE_PUBLIC_URL to the address that browsers use.",
            ),
            differs=(ours, public),
        )
    elif ours.startswith("http:") and not is_loopback_host(host_of(ours)):
        yield Diagnosis(
            code="redirect_uri_plain",
            severity=Severity.WARNING,
            title="The redirect URI is plain http",
            explanation="Most services refuse it, and anybody on the way could read the code.",
            evidence=(("Redirect URI", ours),),
            next_steps=(
                "Put a proxy with https in front, and set GRANTLINE_PUBLIC_URL to its address.",
            ),
        )
    # A consent on the command line came back to a port of this machine: that is no other address.
    if before and before != ours and not is_loopback_host(host_of(before)):
        yield Diagnosis(
            code="redirect_uri_changed",
            severity=Severity.WARNING,
            title="The redirect URI is not the one of the last consent",
            explanation=(
                "The service knows the one that was used then. The next consent sends another. "
                + explain_difference(before, ours)
            ),
            evidence=(("Next consent", ours), ("Last consent", before)),
            next_steps=(
                "Register the new redirect URI at the service before you reauthorize.",
                "If the address of this installation did not change, correct GRANTLINE_PUBLIC_URL.",
            ),
            differs=(ours, before),
        )


def _refresh_token_ends(facts: Facts) -> Iterator[Diagnosis]:
    ends = facts.refresh_ends_at
    if not facts.is_authorized or not facts.has_refresh_token or ends is None:
        return
    idle = facts.settings.refresh_idle_lifetime
    near = ENDS_SOON if idle is None else min(ENDS_SOON, idle * _FORGOTTEN_SHARE)
    left = ends - facts.now
    if left > near:
        return
    over = left <= timedelta(0)
    yield Diagnosis(
        code="refresh_token_ends",
        severity=Severity.ERROR if over else Severity.WARNING,
        title="The refresh token has ended" if over else "The refresh token ends soon",
        explanation=(
            "Then somebody has to consent again."
            if idle is None
            else "The service ends a refresh token that is not used, and nothing has used it."
        ),
        evidence=(("Refresh token ends", f"{ends:%Y-%m-%d %H:%M} UTC"),),
        next_steps=(
            ("Reauthorize the connection.",)
            if over or idle is None
            else (
                "Renew it now: verify the connection.",
                "Keep grantline serve running: it renews in time what nobody uses.",
            )
        ),
    )


def _client_secret_ends(facts: Facts) -> Iterator[Diagnosis]:
    ends = facts.secret_ends_at
    if ends is None or ends - facts.now > ENDS_SOON:
        return
    over = ends <= facts.now
    yield Diagnosis(
        code="client_secret_ends",
        severity=Severity.ERROR if over else Severity.WARNING,
        title="The client secret has ended" if over else "The client secret ends soon",
        explanation="The service gave it for a time. After that it renews nothing for this app.",
        evidence=(("Client secret ends", f"{ends:%Y-%m-%d %H:%M} UTC"),),
        next_steps=(
            "Get a new client secret at the service, and give it to the app.",
            "Or register a new client with a new connection, and authorize that one.",
        ),
    )


def _moved(facts: Facts) -> Iterator[Diagnosis]:
    if facts.moved:
        yield Diagnosis(
            code="endpoints_moved",
            severity=Severity.WARNING,
            title="The issuer publishes other addresses now",
            explanation=(
                "Nothing was changed: whoever can exchange an address behind your back collects "
                "codes and secrets."
            ),
            evidence=tuple(
                pair
                for name, uri in facts.moved
                for pair in (
                    (label_of(name), getattr(facts.settings, name)),
                    (f"{label_of(name)}, published", uri),
                )
            ),
            next_steps=(
                "Find out whether the service announced the change.",
                "If it did, take them over: in the edit form, or as grantline app check says.",
            ),
        )


def _draft(facts: Facts) -> Iterator[Diagnosis]:
    if not facts.is_authorized:
        needs_person = facts.flow.needs_browser
        yield Diagnosis(
            code="not_authorized",
            severity=Severity.WARNING,
            title="It is not authorized",
            explanation="Nobody has consented yet." if needs_person else "It has no token yet.",
            evidence=(
                (("Redirect URI to register", facts.next_redirect_uri),)
                if needs_person and facts.next_redirect_uri
                else ()
            ),
            next_steps=("Authorize the connection.",),
        )


def _traps(facts: Facts) -> Iterator[Diagnosis]:
    """What the catalogue warns of, unless it is plain that nobody walked into it."""
    if facts.entry is None:
        return
    parameters = dict(facts.settings.authorize_parameters)
    for trap in facts.entry.traps:
        # Once consent was given, a refresh token that came is no trap, and one that did not is a
        # finding of its own.
        if trap.is_conditional and (
            not trap.is_open(facts.scopes, parameters)
            or (trap.is_about_renewal and facts.is_authorized)
        ):
            continue
        yield Diagnosis(
            code="trap" if trap.is_conditional else "known_trap",
            severity=Severity.WARNING if trap.is_conditional else Severity.NOTE,
            title=trap.what.rstrip("."),
            explanation=trap.why,
            evidence=(("Service", facts.entry.title),),
            next_steps=(*_lacking(trap, facts.entry), trap.next),
        )


def _lacking(trap: Trap, entry: Profile) -> tuple[str, ...]:
    """What to ask for, by name."""
    if trap.without_scope:
        return (f"Add the scope {trap.without_scope} to the connection.",)
    if trap.without_parameter:
        value = dict(entry.settings.get("authorize_parameters", ())).get(trap.without_parameter)
        named = f"{trap.without_parameter}={value}" if value else trap.without_parameter
        return (f"Add the authorize parameter {named} to the app.",)
    return ()


def _origin(uri: str) -> str:
    return "/".join(uri.split("/", 3)[:3])


_RULES: Final[tuple[Callable[[Facts], Iterator[Diagnosis]], ...]] = (
    _unreached,
    _trouble,
    _redirect,
    host_causes,
    _refresh_token_ends,
    _client_secret_ends,
    _moved,
    _draft,
    _traps,
)
