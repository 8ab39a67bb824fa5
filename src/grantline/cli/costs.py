"""What a dangerous choice costs, in one line each; then people proceed."""

from __future__ import annotations

from grantline.oauth.settings import (
    AppSettings,
    FlowType,
    Pkce,
    TokenPlacement,
    TokenRequestFormat,
)


def costs(settings: AppSettings, flow: FlowType, hosts: tuple[str, ...]) -> list[str]:
    """One sentence for each choice that gives up some safety."""
    found = []
    if flow is FlowType.IMPLICIT:
        found.append(
            "implicit is a legacy flow: the token travels through the browser and cannot be "
            "renewed without a person. Use authorization-code where the service offers it."
        )
    if flow is FlowType.PASSWORD:
        found.append(
            "password is a legacy flow: the person's password is kept here, sealed, and sent to "
            "the service. Use authorization-code or device where the service offers one."
        )
    if flow is FlowType.AUTHORIZATION_CODE and settings.pkce is Pkce.PLAIN:
        found.append("PKCE plain shows the proof to whoever sees the authorize URL; S256 does not.")
    if flow is FlowType.AUTHORIZATION_CODE and settings.pkce is Pkce.OFF:
        found.append("without PKCE a stolen authorization code can be used by the thief.")
    if settings.token_placement is not TokenPlacement.HEADER:
        found.append("a token in the query ends up in the service's logs; header is safer.")
    if settings.token_request_format is TokenRequestFormat.QUERY:
        found.append("token requests by query put the client secret into the service's logs.")
    endpoints = {
        settings.authorize_uri,
        settings.token_uri,
        settings.refresh_uri,
        settings.device_authorization_uri,
        settings.base_url,
    }
    if any(uri.lower().startswith("http:") for uri in endpoints):
        found.append("http is not encrypted: fit for servers on this machine only.")
    found += [
        f"the token may go to every host under {host.removeprefix('*.')}, whoever runs it."
        for host in hosts
        if host.startswith("*.")
    ]
    return found
