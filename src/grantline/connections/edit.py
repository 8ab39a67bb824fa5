"""What an edit costs: nothing, a new consent, or a new authorization with the secret typed again.

A refresh token goes only to the server that issued it, and a client secret only to the server it
was typed for (RFC 6749 section 10.4, RFC 6819 section 5.2.2.2). So whoever points a connection at
another server, or at an endpoint on another origin, must type the secret again and consent again;
otherwise a person who may edit but not read could have both sent to himself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from grantline.oauth.app.inputs import resolved, setting_at
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.oauth.app.template import host_names_in
from grantline.url import parse_url

ISSUING_FIELDS: Final = ("client_id", "token_uri", "refresh_uri", "issuer")
ENDPOINT_FIELDS: Final = (
    "device_authorization_uri",
    "revocation_uri",
    "introspection_uri",
    "pushed_authorization_uri",
    "upgrade.uri",
)


class Cost(IntEnum):
    """What must happen before the edited connection works, the dearest last."""

    NOTHING = 0
    CONSENT = 1
    REAUTHORIZATION = 2


@dataclass(frozen=True, slots=True)
class Price:
    """The cost of an edit.

    Attributes:
        cost: ``CONSENT`` keeps the token in use meanwhile; ``REAUTHORIZATION`` drops it.
        secret_required: The app's secrets must be given again, or the edit is refused.
        reasons: The fields that ask for it, by name.
    """

    cost: Cost = Cost.NOTHING
    secret_required: bool = False
    reasons: tuple[str, ...] = ()

    def __or__(self, other: Price) -> Price:
        return Price(
            max(self.cost, other.cost),
            self.secret_required or other.secret_required,
            self.reasons + other.reasons,
        )


FREE: Final = Price()


def price_of_settings(old: AppSettings, new: AppSettings) -> Price:
    """The cost of replacing an app's settings ``old`` by ``new``, for each of its connections."""
    price = FREE
    for name in ISSUING_FIELDS:
        if getattr(old, name) != getattr(new, name):
            price |= Price(Cost.REAUTHORIZATION, secret_required=True, reasons=(name,))
    known = _origins(old)
    for name in ENDPOINT_FIELDS:
        uri = setting_at(new, name)
        if uri != setting_at(old, name) and uri and _origin(uri) not in known:
            price |= Price(Cost.REAUTHORIZATION, secret_required=True, reasons=(name,))
    for name in ("authorize_uri", "use_dpop"):
        if getattr(old, name) != getattr(new, name):
            price |= Price(Cost.REAUTHORIZATION, reasons=(name,))
    if set(new.resources) - set(old.resources):
        price |= Price(Cost.CONSENT, reasons=("resources",))
    return price


def price_of_inputs(settings: AppSettings, old: Mapping[str, str], new: Mapping[str, str]) -> Price:
    """The cost of other inputs for one connection of an app with ``settings``.

    They stay under domains that the app fixes, so no secret must be typed again; but tokens of
    one tenant are not shown to another.
    """
    before, after = resolved(settings, old), resolved(settings, new)
    issuing = (*ISSUING_FIELDS, "authorize_uri")
    if any(getattr(before, name) != getattr(after, name) for name in issuing):
        return Price(Cost.REAUTHORIZATION, reasons=("inputs",))
    return FREE


def price_of_grant(
    old_flow: FlowType,
    new_flow: FlowType,
    old_scopes: tuple[str, ...],
    new_scopes: tuple[str, ...],
) -> Price:
    """The cost of another flow type or other scopes for one connection.

    Fewer scopes cost nothing now: the next consent asks for fewer.
    """
    price = FREE
    if old_flow is not new_flow:
        price |= Price(Cost.REAUTHORIZATION, reasons=("flow",))
    if set(new_scopes) - set(old_scopes):
        price |= Price(Cost.CONSENT, reasons=("scopes",))
    return price


def _origins(settings: AppSettings) -> set[str]:
    uris = [settings.token_uri, *(setting_at(settings, name) for name in ENDPOINT_FIELDS)]
    return {_origin(uri) for uri in uris if uri}


def _origin(uri: str) -> str:
    # With a name in its host it is compared as it is written.
    return uri if host_names_in(uri) else parse_url(uri).origin
