"""Seals and opens secrets with the keys at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.secret import Secret
from grantline.vault import envelope
from grantline.vault.envelope import Place
from grantline.vault.keys import KeyRing, MasterKey

T = TypeVar("T")


class Vault:
    """Secrets in, opaque strings out, and back.

    Thread-safe: the ring is replaced as a whole, by one that holds at least the same keys.

    Attributes:
        saw_another: It opened what another key sealed than the one that seals here, since
            ``follow`` was last told which that is: it may be behind.
    """

    __slots__ = ("_more", "_ring", "saw_another")

    def __init__(self, ring: KeyRing, *, more: Callable[[], KeyRing | None] = lambda: None) -> None:
        """A vault with the keys of ``ring``; ``more`` looks again when one is missing."""
        self._ring = ring
        self._more = more
        self.saw_another = False

    @property
    def fingerprint(self) -> str:
        """The name of the key that seals."""
        return self._ring.primary.fingerprint

    @property
    def keys(self) -> Iterable[MasterKey]:
        """The keys at hand, the one that seals first."""
        return self._ring

    def seal(self, value: Secret | str, place: Place) -> str:
        """``value`` in sealed form, to be stored at ``place`` and nowhere else."""
        text = value.reveal() if isinstance(value, Secret) else value
        # A server may put half a surrogate pair into JSON; keeping it beats losing the token.
        return envelope.seal(text.encode("utf-8", "surrogatepass"), self._ring.primary, place)

    def open(self, sealed: str, place: Place) -> Secret:
        """What was sealed for ``place``.

        Raises:
            KeyUnavailable: The key that sealed it is not to be had.
            SecretUnreadable: It was damaged, or sealed for another place.
        """
        self.saw_another |= envelope.wrapped_by(sealed) != self.fingerprint
        opened = self._try(lambda ring: envelope.unseal(sealed, ring, place))
        return Secret(opened.decode("utf-8", "surrogatepass"))

    def rewrap(self, sealed: str, place: Place) -> str:
        """``sealed`` under the key that seals now. Raises as ``open``."""
        return self._try(lambda ring: envelope.rewrap(sealed, ring, place))

    def follow(self, fingerprint: str) -> None:
        """Seals with this key from now on; raises ``KeyUnavailable`` when it is not to be had."""
        self.saw_another = False
        if fingerprint != self.fingerprint:
            self._ring = self._try(lambda ring: ring.led_by(fingerprint))

    def look_again(self) -> None:
        """Takes in the keys that were added where keys come from."""
        if (found := self._more()) is not None:
            self._ring = self._ring.joined(found)

    def _try(self, use: Callable[[KeyRing], T]) -> T:
        """What ``use`` makes of the keys at hand, looking for more when one is missing."""
        try:
            return use(self._ring)
        except KeyUnavailable:
            with suppress(ConfigurationError):
                self.look_again()
            return use(self._ring)

    def __repr__(self) -> str:
        return f"Vault({self.fingerprint})"
