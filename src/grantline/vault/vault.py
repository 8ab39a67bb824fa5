"""Seals and opens secrets with the keys at hand."""

from __future__ import annotations

from grantline.secret import Secret
from grantline.vault import envelope
from grantline.vault.envelope import Place
from grantline.vault.keys import KeyRing


class Vault:
    """Secrets in, opaque strings out, and back. Thread-safe: it only reads its ring."""

    __slots__ = ("_ring",)

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    @property
    def fingerprint(self) -> str:
        """The name of the key that seals."""
        return self._ring.primary.fingerprint

    def seal(self, value: Secret | str, place: Place) -> str:
        """``value`` in sealed form, to be stored at ``place`` and nowhere else."""
        text = value.reveal() if isinstance(value, Secret) else value
        # A server may put half a surrogate pair into JSON; keeping it beats losing the token.
        return envelope.seal(text.encode("utf-8", "surrogatepass"), self._ring.primary, place)

    def open(self, sealed: str, place: Place) -> Secret:
        """What was sealed for ``place``.

        Raises:
            KeyUnavailable: The key that sealed it is not on the ring.
            SecretUnreadable: It was damaged, or sealed for another place.
        """
        return Secret(envelope.unseal(sealed, self._ring, place).decode("utf-8", "surrogatepass"))

    def rewrap(self, sealed: str, place: Place) -> str:
        """``sealed`` under the key that seals now. Raises as ``open``."""
        return envelope.rewrap(sealed, self._ring, place)

    def __repr__(self) -> str:
        return f"Vault({self.fingerprint})"
