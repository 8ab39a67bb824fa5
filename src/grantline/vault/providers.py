"""Where master keys come from: a key management service, the environment, a file, a keyring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol

from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.vault.key_file import KeyFile
from grantline.vault.keys import KeyRing, MasterKey
from grantline.vault.kms import WrappedKeys, split_services

DEFAULT_KEY_FILE: Final = "master.key"


class KeyProvider(Protocol):
    """One place that may hold master keys.

    Laws, cited by number in ``tests/contracts/test_key_provider.py``:

    1. ``load`` gives the same keys until an operator changes the place; it never writes.
    2. ``load`` gives None when nothing was set up here, and raises when something is here that
       cannot be used: a broken key is never passed over in silence.
    3. ``create`` makes a key only where none is, and gives None where it cannot make one; a key
       that is there, whoever made it, is never replaced.
    4. After ``create`` gave a ring, ``load`` gives the same.
    5. No message, ``name`` or repr shows key material.
    6. After ``add`` said True, ``load`` gives the same keys as before and then the new one; where
       it says False, nothing was kept.

    """

    @property
    def name(self) -> str:
        """What the place is called in messages."""
        ...

    def load(self) -> KeyRing | None:
        """The keys that are here, or None when nothing was set up."""
        ...

    def create(self) -> KeyRing | None:
        """The keys that are here, made now if need be, or None where none can be made."""
        ...

    def add(self, key: MasterKey) -> bool:
        """Keeps ``key`` behind those that are here; False where nothing can be kept."""
        ...


class EnvironmentKeys:
    """``GRANTLINE_KEY``: one key, or several parted by commas with the primary first."""

    VARIABLE: Final = "GRANTLINE_KEY"

    def __init__(self, text: str | None) -> None:
        self._text = text

    @property
    def name(self) -> str:
        """The variable."""
        return self.VARIABLE

    def load(self) -> KeyRing | None:
        """The keys in the variable, or None when it is not set."""
        # Set but empty is a deployment that lost its secret, not one that never had any.
        return None if self._text is None else KeyRing.parse(self._text, source=self.name)

    def create(self) -> KeyRing | None:
        """None: a process cannot set its operator's environment."""
        return None

    def add(self, key: MasterKey) -> bool:
        """False, for the same reason."""
        del key
        return False


class KeyringKeys:
    """The keyring of the desktop session (extra ``keyring``)."""

    SERVICE: Final = "grantline"
    ACCOUNT: Final = "master-key"

    @property
    def name(self) -> str:
        """The keyring, without its vendor."""
        return "the system keyring"

    def load(self) -> KeyRing | None:
        """The keys in the keyring, or None when it has no entry of ours.

        Raises:
            KeyUnavailable: There is no keyring, as on most servers, or it is locked.
        """
        text = self._call("get_password", self.SERVICE, self.ACCOUNT)
        return None if text is None else KeyRing.parse(text, source=self.name)

    def create(self) -> KeyRing | None:
        """The keys in the keyring, which is given a new one when it has none."""
        if (held := self.load()) is not None:
            return held
        key = MasterKey.generate()
        self._call("set_password", self.SERVICE, self.ACCOUNT, key.to_text())
        return self.load()

    def add(self, key: MasterKey) -> bool:
        """True: the entry then holds one key more."""
        held = self.load()
        ring = held.joined(KeyRing(key)) if held else KeyRing(key)
        self._call("set_password", self.SERVICE, self.ACCOUNT, ring.to_text())
        return True

    @staticmethod
    def _call(function: str, *arguments: str) -> str | None:
        try:
            import keyring  # noqa: PLC0415 - an extra, and slow to import
            import keyring.errors  # noqa: PLC0415
        except ImportError:
            raise ConfigurationError(
                "GRANTLINE_KEYRING is set, but the keyring package is not installed.",
                hint="Install it with: pip install 'grantline[keyring]'",
            ) from None
        try:
            answer: str | None = getattr(keyring, function)(*arguments)
        except keyring.errors.KeyringError as error:
            raise KeyUnavailable(
                "The system keyring cannot be used: it is locked, or this session has none.",
                hint="Without a desktop session, set GRANTLINE_KEY or GRANTLINE_KEY_FILE instead.",
                detail=type(error).__name__,
            ) from None
        return answer


def providers(
    env: Mapping[str, str], data_dir: Path, *, wrapped: Callable[[], Iterable[str]] = tuple
) -> tuple[KeyProvider, ...]:
    """Every place to look, first match first.

    What ``GRANTLINE_KEY`` says, the file ``GRANTLINE_KEY_FILE`` names, the system keyring when
    ``GRANTLINE_KEYRING`` is 1, and ``master.key`` in the data directory.

    Args:
        env: The environment.
        data_dir: Of this installation.
        wrapped: Gives the master keys of the database as a key management service wrapped them.
    """
    places: list[KeyProvider] = []
    text = env.get(EnvironmentKeys.VARIABLE)
    services, rest = split_services(text or "")
    if services:
        places.append(WrappedKeys(services, wrapped))
        text = rest or None
    places.append(EnvironmentKeys(text))
    if named := env.get("GRANTLINE_KEY_FILE"):
        places.append(KeyFile(Path(named).expanduser()))
    if env.get("GRANTLINE_KEYRING") == "1":
        places.append(KeyringKeys())
    places.append(KeyFile(data_dir / DEFAULT_KEY_FILE))
    return tuple(places)
