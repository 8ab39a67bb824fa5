"""One sentence that outlives a redirect: "Saved", said on the page that follows.

It travels in a cookie that is read once. It is text for the visitor's own eyes: escaped like
everything else, and never a secret.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_LONGEST: Final = 600
_SECONDS: Final = 60


class Tone(StrEnum):
    """How a sentence is meant: each has a colour, an icon and a word."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Flash:
    """What to say, and how."""

    text: str
    tone: Tone = Tone.OK


def leave_flash(response: Response, flash: Flash, *, is_https: bool) -> None:
    """Lets the next page say ``flash``."""
    plain = json.dumps([flash.tone, flash.text[:_LONGEST]])
    response.set_cookie(
        _cookie(is_https=is_https),
        base64.urlsafe_b64encode(plain.encode()).decode(),
        max_age=_SECONDS,
        httponly=True,
        samesite="lax",
        secure=is_https,
    )


def forget_flash(response: Response, *, is_https: bool) -> None:
    """Lets ``response``, which says it, be the last one that does."""
    response.delete_cookie(
        _cookie(is_https=is_https), httponly=True, samesite="lax", secure=is_https
    )


def read_flash(request: Request, *, is_https: bool) -> Flash | None:
    """What was left to be said, if anything readable."""
    given = request.cookies.get(_cookie(is_https=is_https), "")
    if not given:
        return None
    try:
        tone, text = json.loads(base64.urlsafe_b64decode(given))
        return Flash(str(text), Tone(tone))
    except ValueError:
        return None


def _cookie(*, is_https: bool) -> str:
    return "__Host-grantline_said" if is_https else "grantline_said"
