"""What a dangerous choice costs, in one line each; then people proceed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grantline.oauth.app.request_choices import TokenRequestFormat
from grantline.oauth.app.settings import AppSettings, FlowType, Pkce, TokenPlacement


@dataclass(frozen=True, slots=True)
class Caution:
    """A choice that gives up some safety.

    Attributes:
        field: The setting that was chosen, by name.
        text: What it costs; begins in lower case, to follow a word such as "warning:".
    """

    field: str
    text: str


_ENDPOINTS: Final = (
    "authorize_uri",
    "token_uri",
    "refresh_uri",
    "device_authorization_uri",
    "base_url",
)


def cautions(settings: AppSettings, flow: FlowType, hosts: tuple[str, ...]) -> list[Caution]:
    """One caution for each choice that gives up some safety."""
    has_code = flow is FlowType.AUTHORIZATION_CODE
    plain = [each for each in _ENDPOINTS if getattr(settings, each).lower().startswith("http:")]
    choices = (
        (
            flow is FlowType.IMPLICIT,
            "flow",
            (
                "implicit is a legacy flow: the token travels through the browser and cannot be "
                "renewed without a person. Use authorization-code where the service offers it."
            ),
        ),
        (
            flow is FlowType.PASSWORD,
            "flow",
            (
                "password is a legacy flow: the password is kept here, sealed, and sent to "
                "the service. Use authorization-code or device where the service offers one."
            ),
        ),
        (
            has_code and settings.pkce is Pkce.PLAIN,
            "pkce",
            "PKCE plain shows the proof to whoever sees the authorize URL; S256 does not.",
        ),
        (
            has_code and settings.pkce is Pkce.OFF,
            "pkce",
            "without PKCE a stolen authorization code can be used by the thief.",
        ),
        (
            settings.token_placement is not TokenPlacement.HEADER,
            "token_placement",
            "a token in the query ends up in the service's logs; header is safer.",
        ),
        (
            settings.token_request_format is TokenRequestFormat.QUERY,
            "token_request_format",
            "token requests by query put the client secret into the service's logs.",
        ),
        (
            bool(plain),
            plain[0] if plain else "",
            "an address with http is not encrypted: fit for servers on this machine only.",
        ),
    )
    found = [Caution(field, text) for is_made, field, text in choices if is_made]
    for host in hosts:
        if host.startswith("*."):
            domain = host.removeprefix("*.")
            text = f"the token may go to every host under {domain}, whoever runs it."
            found.append(Caution("hosts", text))
    return found
