"""Passwords as they are kept: argon2id (RFC 9106), hashed off the event loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from grantline.errors import InvalidInput
from grantline.secret import Secret

T = TypeVar("T")

SHORTEST: Final = 10
LONGEST: Final = 1024
FIELD: Final = "Password"
# Each hash takes 64 MiB for its time: two at once are plenty, and strangers cannot ask for more.
_AT_ONCE: Final = 2


class Passwords:
    """Hashes and checks passwords. A name that nobody has costs as much time as one that exists."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._limiter = CapacityLimiter(_AT_ONCE)
        self._nobodys = ""

    async def hash(self, password: Secret, *, field: str = FIELD) -> str:
        """What to keep of a new ``password``, which the form calls ``field``.

        Raises:
            InvalidInput: It is too short, or too long to be one.
        """
        check_password(password, field=field)
        return await self._run(partial(self._hasher.hash, password.reveal()))

    async def matches(self, kept: str | None, password: Secret) -> bool:
        """Whether ``password`` is the one of which ``kept`` was kept; None never matches."""
        if len(password.reveal()) > LONGEST:
            return False
        if kept is None and not self._nobodys:
            self._nobodys = await self._run(partial(self._hasher.hash, "nobody's password"))
        try:
            verify = partial(self._hasher.verify, kept or self._nobodys, password.reveal())
            return await self._run(verify) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, kept: str) -> bool:
        """Whether ``kept`` was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    async def _run(self, call: Callable[[], T]) -> T:
        return await to_thread.run_sync(call, limiter=self._limiter)


def check_password(password: Secret, *, field: str = FIELD) -> None:
    """Refuses a password that is too short to be one; length is all that is asked of it."""
    length = len(password.reveal())
    if length < SHORTEST:
        raise InvalidInput(
            f"The password has {length} characters; it needs {SHORTEST} or more.", field=field
        )
    if length > LONGEST:
        raise InvalidInput(f"The password is longer than {LONGEST} characters.", field=field)
