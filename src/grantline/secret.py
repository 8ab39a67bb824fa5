"""Values that must not be seen: they print as a placeholder and compare in constant time."""

from __future__ import annotations

import hmac
from typing import Final, NoReturn

REDACTED: Final = "•••"


class Secret:
    """A string that no repr, format, traceback or log shows. ``reveal()`` is the one way out."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value itself. Every use of this word is a place to review."""
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({REDACTED})"

    def __str__(self) -> str:
        return REDACTED

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value.encode(), other.__value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __reduce__(self) -> NoReturn:
        msg = "a Secret is not pickled: seal it instead"
        raise TypeError(msg)


def mask(text: str, secrets: tuple[Secret, ...]) -> str:
    """``text`` with every one of ``secrets`` that occurs in it replaced by a placeholder.

    Values shorter than four characters are left alone: masking "a" would only garble the text.
    """
    for secret in sorted(secrets, key=lambda each: -len(each.reveal())):
        value = secret.reveal()
        if len(value) >= 4:
            text = text.replace(value, REDACTED)
    return text
