"""What can be wrong with the hosts that a connection's token may go to. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grantline.calls.hosts import WILDCARD, is_public_suffix, matches
from grantline.connections.doctor.diagnosis import Diagnosis, Facts, Severity
from grantline.errors import EgressBlocked
from grantline.oauth.app.settings import AppSettings
from grantline.providers.known_service import is_shared_domain
from grantline.url import parse_url

_MOST_NAMED: Final = 5


def host_causes(facts: Facts) -> Iterator[Diagnosis]:
    """Each way in which the list is too narrow or too wide."""
    if not facts.hosts:
        yield Diagnosis(
            code="no_hosts",
            title="The token may go nowhere",
            explanation="The list of hosts is empty, so every request is refused.",
            next_steps=("Add the host of the service's API to the connection's hosts.",),
        )
        return
    yield from _narrow(facts)
    for host in facts.hosts:
        if host.startswith(WILDCARD):
            yield from _wide(host, facts)


def _narrow(facts: Facts) -> Iterator[Diagnosis]:
    allowed = frozenset(facts.hosts)
    own = (("Base URL", facts.settings.base_url), ("Identity URL", facts.settings.identity.url))
    for label, url in own:
        host = host_of(url)
        if host and not matches(allowed, host):
            yield Diagnosis(
                code="host_not_listed",
                title=f"The {label} is on a host that is not listed",
                explanation="The token does not go there, so such requests are refused.",
                evidence=((label, url), ("Hosts", " ".join(facts.hosts))),
                next_steps=(f"Add {host} to the connection's hosts, if it is the same service.",),
            )
    refused = [(name, host) for name, host in facts.asked_hosts if not matches(allowed, host)]
    if refused:
        named = [f"{name} ({host})" for name, host in refused[:_MOST_NAMED]]
        more = len(refused) - len(named)
        yield Diagnosis(
            code="request_host_not_listed",
            severity=Severity.WARNING,
            title="Saved requests ask hosts that are not listed",
            explanation="They are refused before anything is sent.",
            evidence=(
                ("Saved requests", ", ".join(named) + (f" and {more} more" if more else "")),
                ("Hosts", " ".join(facts.hosts)),
            ),
            next_steps=(
                "Add the hosts that belong to the service, or correct the URLs of the requests.",
            ),
        )


def _wide(pattern: str, facts: Facts) -> Iterator[Diagnosis]:
    domain = pattern.removeprefix(WILDCARD)
    if is_public_suffix(domain) or is_shared_domain(domain):
        yield Diagnosis(
            code="hosts_of_others",
            title=f"{pattern} covers hosts of other people",
            explanation=(
                f"Whoever becomes a customer there gets a name under {domain}, and a request or "
                "redirect to that name would carry the token."
            ),
            evidence=(("Hosts", " ".join(facts.hosts)),),
            next_steps=("Name the hosts that are yours, one by one.",),
        )
    elif facts.entry is None or pattern not in facts.entry.hosts:
        yield Diagnosis(
            code="hosts_wide",
            severity=Severity.WARNING,
            title=f"The token may go to every host under {domain}",
            explanation="Each of them, whoever runs it, could read the token.",
            evidence=(("Hosts", " ".join(facts.hosts)),),
            next_steps=("List the hosts that your requests ask, in place of the wildcard.",),
        )


def host_of(url: str) -> str:
    """The host of an absolute URL; empty when it has none, or not yet."""
    try:
        return parse_url(url).host if "{" not in url else ""
    except EgressBlocked:
        return ""


def service_origins(settings: AppSettings) -> tuple[str, ...]:
    """The origins that are asked for tokens, and the one of the API."""
    uris = (settings.token_uri, settings.refresh_uri, settings.base_url)
    return tuple(dict.fromkeys(parse_url(each).origin for each in uris if host_of(each)))
