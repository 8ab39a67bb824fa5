"""Whether a request to a webhook comes from whom it should: the schemes that services sign by.

Pure, and in constant time wherever a secret takes part: how long a refusal takes says nothing of
the right signature. A signature that is bound to an instant counts five minutes to either side of
it, as Stripe, Slack and Standard Webhooks have it; what comes later was recorded and played again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from grantline.errors import InvalidInput
from grantline.messages import Headers
from grantline.scenarios.definition.triggers import Scheme, Signature, Webhook
from grantline.secret import Secret

TOLERANCE: Final = timedelta(minutes=5)
LONGEST_ANSWER: Final = timedelta(minutes=5)
# What a sender puts beside each other while its secret is changed: a handful.
MOST_SIGNATURES: Final = 20
WHSEC: Final = "whsec_"
SLACK_TIME: Final = "X-Slack-Request-Timestamp"
SLACK_VERSION: Final = "v0"

_HEADERS: Final = {
    Scheme.HMAC_SHA256: "X-Hub-Signature-256",
    Scheme.TIMESTAMPED: "Stripe-Signature",
    Scheme.SLACK: "X-Slack-Signature",
    Scheme.STANDARD: "webhook-signature",
    Scheme.TOKEN: "X-Gitlab-Token",
}
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
# Until the year 5138: with one digit more it is no date.
_SECONDS: Final = re.compile(r"[0-9]{1,11}", re.ASCII)


class Refusal(StrEnum):
    """Why a request is not taken; the sender is told, for it says nothing of the secret."""

    MISSING = "signature_missing"
    UNREADABLE = "signature_unreadable"
    TOO_OLD = "signature_too_old"
    WRONG = "signature_wrong"


SENTENCES: Final = {
    Refusal.MISSING: "The request carries no signature where this webhook expects one.",
    Refusal.UNREADABLE: "The signature of the request cannot be read.",
    Refusal.TOO_OLD: "The request was signed more than five minutes before or after now.",
    Refusal.WRONG: "The signature of the request does not fit its body.",
}


def check_webhook(webhook: Webhook) -> None:
    """Nothing, when requests can be checked and answered so.

    Raises:
        InvalidInput: Names the field.
    """
    if not timedelta(0) <= webhook.answer_within <= LONGEST_ANSWER:
        raise InvalidInput(
            "A sender waits for its answer between 0 and 300 seconds.",
            field="answer_within",
            hint="Most senders give up after 10 to 30 seconds.",
        )
    signature = webhook.signature
    if signature is None:
        return
    if not signature.credential_id:
        raise InvalidInput(
            "The signature has no secret to be checked with.",
            field="credential_id",
            hint="Keep the secret that the sender shows as an API key, and choose it here.",
        )
    if signature.header and not _HEADER_NAME.fullmatch(signature.header):
        raise InvalidInput(
            "The header of the signature is no name of a header.",
            field="header",
            hint=f"For example {_HEADERS[signature.scheme]}.",
        )
    if not signature.prefix.isprintable() or len(signature.prefix) > 64:
        raise InvalidInput(
            "What stands before the signature is a short text.",
            field="prefix",
            hint="For example sha256=, or nothing.",
        )


def header_of(signature: Signature) -> str:
    """The header in which a signature is looked for."""
    return signature.header or _HEADERS[signature.scheme]


def refusal_of(
    signature: Signature, secret: Secret, headers: Headers, body: bytes, *, now: datetime
) -> Refusal | None:
    """Why a request with these ``headers`` and this ``body`` is not the sender's; None when it is.

    Args:
        signature: How requests are signed.
        secret: What is shared with the sender, as the sender shows it.
        headers: As received.
        body: As received, before anything read it.
        now: The instant at which it came.
    """
    if signature.scheme is Scheme.STANDARD:
        return _standard(signature, secret, headers, body, now)
    given = values_of(headers, header_of(signature))
    if not given or not given[0]:
        return Refusal.MISSING
    if len(given) > 1:
        return Refusal.UNREADABLE
    key = secret.reveal().encode()
    match signature.scheme:
        case Scheme.HMAC_SHA256:
            # GitHub's header has its own prefix, which nobody wants to write down again.
            prefix = signature.prefix or ("" if signature.header else "sha256=")
            return _hmac(key, given[0], prefix, body)
        case Scheme.TIMESTAMPED:
            return _timestamped(key, given[0], body, now)
        case Scheme.SLACK:
            return _slack(key, given[0], values_of(headers, SLACK_TIME), body, now)
        case Scheme.TOKEN:
            return _token(key, given[0], signature.prefix)


def values_of(headers: Headers, name: str) -> list[str]:
    """Every value of one header, blanks around them removed."""
    wanted = name.lower()
    return [value.strip() for each, value in headers if each.lower() == wanted]


def standard_value(headers: Headers, part: str) -> str:
    """What a sender by the standard says of a request: its id, timestamp or signature."""
    # Svix, whose scheme became the standard, and who sends with it still use its first names.
    for family in ("webhook", "svix"):
        given = values_of(headers, f"{family}-{part}")
        if len(given) == 1:
            return given[0]
    return ""


def standard_signature(secret: Secret, message_id: str, at: datetime, body: bytes) -> str:
    """The ``webhook-signature`` of what we send ourselves."""
    signed = _standard_content(message_id, int(at.timestamp()), body)
    digest = hmac.digest(_standard_key(secret), signed, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def _hmac(key: bytes, value: str, prefix: str, body: bytes) -> Refusal | None:
    if not value.startswith(prefix):
        return Refusal.UNREADABLE
    given = _digest(value.removeprefix(prefix))
    if given is None:
        return Refusal.UNREADABLE
    return None if hmac.compare_digest(hmac.digest(key, body, "sha256"), given) else Refusal.WRONG


def _timestamped(key: bytes, value: str, body: bytes, now: datetime) -> Refusal | None:
    stamp, signatures = "", []
    for part in value.split(","):
        name, _, content = part.strip().partition("=")
        if name == "t":
            stamp = content
        elif name == "v1":
            signatures.append(content)
    if not _SECONDS.fullmatch(stamp):
        return Refusal.UNREADABLE
    return _bound_to_time(key, f"{stamp}.".encode() + body, stamp, signatures, now)


def _slack(key: bytes, value: str, stamps: list[str], body: bytes, now: datetime) -> Refusal | None:
    if not stamps or not stamps[0]:
        return Refusal.MISSING
    version, _, digest = value.partition("=")
    if len(stamps) > 1 or not _SECONDS.fullmatch(stamps[0]) or version != SLACK_VERSION:
        return Refusal.UNREADABLE
    content = f"{SLACK_VERSION}:{stamps[0]}:".encode() + body
    return _bound_to_time(key, content, stamps[0], [digest], now)


def _standard(
    signature: Signature, secret: Secret, headers: Headers, body: bytes, now: datetime
) -> Refusal | None:
    given = (
        values_of(headers, signature.header)
        if signature.header
        else [value] if (value := standard_value(headers, "signature")) else []
    )  # fmt: skip
    message_id, stamp = standard_value(headers, "id"), standard_value(headers, "timestamp")
    if not given or not message_id or not stamp:
        return Refusal.MISSING
    if len(given) > 1 or not _SECONDS.fullmatch(stamp):
        return Refusal.UNREADABLE
    versioned = (each.partition(",") for each in given[0].split(" "))
    signatures = [content for version, _, content in versioned if version == "v1"]
    content = _standard_content(message_id, int(stamp), body, stamp)
    return _bound_to_time(_standard_key(secret), content, stamp, signatures, now)


def _standard_content(message_id: str, seconds: int, body: bytes, stamp: str = "") -> bytes:
    return f"{message_id}.{stamp or seconds}.".encode("utf-8", "surrogateescape") + body


def _standard_key(secret: Secret) -> bytes:
    text = secret.reveal().strip()
    try:
        return base64.b64decode(text.removeprefix(WHSEC), validate=True)
    except (binascii.Error, ValueError):
        # A secret that somebody thought of himself: its characters are the key.
        return text.encode()


def _bound_to_time(
    key: bytes, content: bytes, stamp: str, signatures: list[str], now: datetime
) -> Refusal | None:
    found = [digest for each in signatures[:MOST_SIGNATURES] if (digest := _digest(each))]
    if not found:
        return Refusal.UNREADABLE
    if not _any_equal(hmac.digest(key, content, "sha256"), found):
        return Refusal.WRONG
    signed_at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(stamp))
    return Refusal.TOO_OLD if abs(now - signed_at) > TOLERANCE else None


def _token(key: bytes, value: str, prefix: str) -> Refusal | None:
    if not value.startswith(prefix):
        return Refusal.UNREADABLE
    # Digests are of one length, so not even the length of the token shows.
    wanted = hashlib.sha256(key.strip()).digest()
    given = hashlib.sha256(value.removeprefix(prefix).strip().encode("utf-8", "surrogateescape"))
    return None if hmac.compare_digest(wanted, given.digest()) else Refusal.WRONG


def _any_equal(wanted: bytes, given: Iterable[bytes]) -> bool:
    # No short cut at the first that fits.
    return sum(hmac.compare_digest(wanted, each) for each in given) > 0


def _digest(text: str) -> bytes | None:
    """A SHA-256 digest in hex or in base64; None when it is neither."""
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == 32 else None
