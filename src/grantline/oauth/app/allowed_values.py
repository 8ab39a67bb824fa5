"""Which values from outside may build the host of a URL."""

from __future__ import annotations

from grantline.errors import EgressBlocked
from grantline.oauth.app.response_rules import ResponseRules
from grantline.url import parse_url


def is_allowed(rules: ResponseRules, name: str, value: str) -> bool:
    """Whether ``rules`` let the captured ``value`` build the host of a URL.

    An allowed value is meant as it is; ``*.domain`` is every https URL, or host, under a domain.
    """
    host = https_host(value)
    return any(
        value == each or (each.startswith("*.") and host is not None and host.endswith(each[1:]))
        for each in dict(rules.allowed_values).get(name, ())
    )


def https_host(value: str) -> str | None:
    """The host in ``value``, an https URL or a host itself; None when it is neither."""
    try:
        url = parse_url(value if "://" in value else f"https://{value}/")
    except EgressBlocked:
        return None
    return url.host if url.scheme == "https" else None
