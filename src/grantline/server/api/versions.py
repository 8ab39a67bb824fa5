"""Optimistic locking over HTTP: ``ETag`` out, ``If-Match`` or ``version`` back (RFC 9110)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Response

from grantline.errors import InvalidInput
from grantline.server.api.fields import LARGEST

IfMatch = Annotated[
    str | None,
    Header(description="The version that the edit was made against.", examples=['"3"']),
]


def tag(response: Response, version: int) -> None:
    """Puts ``version`` on the answer."""
    response.headers["ETag"] = f'"{version}"'


def expected(version: int | None, if_match: str | None) -> int | None:
    """The version that the caller saw; None when he takes whatever is there.

    Raises:
        InvalidInput: ``If-Match`` is no tag of ours, or the body says another version.
    """
    if if_match is None or if_match.strip() == "*":
        return version
    text = if_match.strip().removeprefix('"').removesuffix('"')
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:11]) <= LARGEST):
        raise InvalidInput(
            "If-Match is not a version of this.",
            field="If-Match",
            hint="Send the ETag that came with it.",
        )
    if version not in {None, int(text)}:
        raise InvalidInput("If-Match and version name two versions.", field="version")
    return int(text)
