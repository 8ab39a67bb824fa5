"""Device authorization (RFC 8628): codes, polling, and the person who types the user code."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

from grantline.testing.authorization_server.clients import authenticate
from grantline.testing.authorization_server.exchange import Answer, Incoming, Refusal
from grantline.testing.authorization_server.pages import device_page, message_page
from grantline.testing.authorization_server.state import DeviceCode, Grant, ServerState

# RFC 8628 section 6.1: no vowels, so that no words arise, and nothing that looks like another.
_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
_SLOW_DOWN: Final = timedelta(seconds=5)


def device_authorization(state: ServerState, incoming: Incoming) -> Answer:
    """A device code and the user code a person types elsewhere (RFC 8628 section 3.2)."""
    client = authenticate(state, incoming)
    value = "dc_" + secrets.token_urlsafe(24)
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    user_code = f"{letters[:4]}-{letters[4:]}"
    options = state.options
    state.device_codes[value] = DeviceCode(
        client.client_id,
        user_code,
        state.granted_scope(incoming.parameters.get("scope", "")),
        state.clock.now() + options.device_code_lifetime,
        options.device_interval,
    )
    page = f"{state.issuer}/device"
    return Answer.json(
        {
            "device_code": value,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={user_code}",
            "expires_in": int(options.device_code_lifetime.total_seconds()),
            "interval": int(options.device_interval.total_seconds()),
        }
    )


def exchange_device_code(state: ServerState, value: str, client_id: str) -> Grant:
    """The grant behind an approved device code, else the refusal that a poll gets (section 3.5)."""
    device = state.device_codes.get(value)
    if device is None or device.client_id != client_id:
        raise Refusal("invalid_grant", "no such device code of this client")
    now = state.clock.now()
    if now >= device.expires_at:
        raise Refusal("expired_token", "the device code has expired")
    too_soon = device.polled_at is not None and now < device.polled_at + device.interval
    device.polled_at = now
    if too_soon:
        device.interval += _SLOW_DOWN
        raise Refusal("slow_down", "polled too soon")
    if device.approved is None:
        raise Refusal("authorization_pending", "the person has not decided yet")
    if not device.approved:
        raise Refusal("access_denied", "the person said no")
    del state.device_codes[value]
    return state.new_grant(client_id, device.scope)


def decide_device(state: ServerState, user_code: str, *, approved: bool) -> None:
    """What the person does on the verification page.

    Raises:
        LookupError: No device waits with this user code.
    """
    # RFC 8628 section 6.1: people mistype case and dashes.
    typed = user_code.upper().replace("-", "").strip()
    for device in state.device_codes.values():
        if device.user_code.replace("-", "") == typed and device.approved is None:
            device.approved = approved
            return
    raise LookupError("no device waits with this user code")


def device_verification(state: ServerState, incoming: Incoming) -> Answer:
    """The page where a person types the user code."""
    user_code = incoming.parameters.get("user_code", "")
    if incoming.method != "POST":
        return Answer.html(device_page(user_code))
    try:
        decide_device(state, user_code, approved=incoming.parameters.get("decision") == "approve")
    except LookupError:
        return Answer.html(message_page("No device waits with this code."), status=400)
    return Answer.html(message_page("Done. You can go back to your device."))
