"""Master keys that a key management service wraps: the service is asked once at start, not per use.

``GRANTLINE_KEY`` names the service by a URL. The master key is made here, wrapped there, and kept
in its wrapped form by the database; a process has it unwrapped when it starts and then needs the
service no more. So a renewal costs no call, and a service that is down stops starts, not work.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import re
from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.vault.keys import KeyRing, MasterKey

# Bound to what is wrapped, where the service can do that.
CONTEXT: Final = MappingProxyType({"application": "grantline", "purpose": "master key"})


class KeyService(Protocol):
    """One key in a key management service. Every failure is a ``KeyUnavailable``."""

    @property
    def name(self) -> str:
        """What the key is called in messages: its URL."""
        ...

    def wrap(self, value: bytes) -> str:
        """``value`` in a form that only the service can open."""
        ...

    def unwrap(self, wrapped: str) -> bytes:
        """What was wrapped."""
        ...


# Scheme of the URL: module of the service, and the extra that brings what it needs.
_SERVICES: Final = {
    "vault-transit": ("grantline.vault.kms_vault", "vault"),
    "aws-kms": ("grantline.vault.kms_aws", "aws"),
    "gcp-kms": ("grantline.vault.kms_gcp", "gcp"),
    "azure-kv": ("grantline.vault.kms_azure", "azure"),
}


class WrappedKeys:
    """The master keys of a database that key management services wrapped."""

    def __init__(self, urls: Sequence[str], wrapped: Callable[[], Iterable[str]]) -> None:
        """Keys wrapped by the services at ``urls``, the first of which wraps new ones.

        Args:
            urls: Of keys in services.
            wrapped: Gives what the database keeps: the scheme, a space, and the service's form.
        """
        self._urls = urls
        self._wrapped = wrapped
        self._services: dict[str, KeyService] = {}
        # What was unwrapped once is not asked for again; it holds what was just made, too.
        self._opened: dict[str, MasterKey] = {}

    @property
    def name(self) -> str:
        """The first service's URL."""
        return self._urls[0]

    def load(self) -> KeyRing | None:
        """The keys, or None when the database has none that was wrapped.

        Raises:
            KeyUnavailable: No service named here gives back a key that is kept.
        """
        texts = [*filter(None, self._wrapped()), *self._opened]
        keys = [self._open(each) for each in dict.fromkeys(texts)]
        return KeyRing(keys[0], tuple(keys[1:])) if keys else None

    def create(self) -> KeyRing | None:
        """The keys that the database has; a new one when it has none."""
        if (held := self.load()) is not None:
            return held
        return KeyRing(self._wrap(MasterKey.generate()))

    def add(self, key: MasterKey) -> bool:
        """True: the service wraps ``key``; the database has to keep what ``load`` gives then."""
        self._wrap(key)
        return True

    def _wrap(self, key: MasterKey) -> MasterKey:
        url = self._urls[0]
        service = self._service(url)
        wrapped = service.wrap(key.reveal())
        # A key that cannot be had back must not seal anything.
        if service.unwrap(wrapped) != key.reveal():
            raise KeyUnavailable(
                f"{url} did not give back what it had wrapped.",
                hint="Nothing was changed. Check the key in the service.",
            )
        text = f"{_scheme(url)} {wrapped}"
        made = self._opened[text] = MasterKey(key.reveal(), wrapped=text)
        return made

    def _open(self, text: str) -> MasterKey:
        if (known := self._opened.get(text)) is not None:
            return known
        scheme, _, wrapped = text.partition(" ")
        refusal: KeyUnavailable | None = None
        for url in self._urls:
            if _scheme(url) != scheme:
                continue
            try:
                value = self._service(url).unwrap(wrapped)
            except KeyUnavailable as error:
                refusal = error
                continue
            key = self._opened[text] = MasterKey(value, wrapped=text)
            return key
        raise refusal or KeyUnavailable(
            f"A master key of this database was wrapped by {scheme}, which GRANTLINE_KEY does not "
            "name.",
            hint=f"Add that service's URL: GRANTLINE_KEY={self._urls[0]},{scheme}://...",
        )

    def _service(self, url: str) -> KeyService:
        if url not in self._services:
            self._services[url] = open_service(url)
        return self._services[url]


def split_services(text: str) -> tuple[tuple[str, ...], str]:
    """The URLs of services in ``GRANTLINE_KEY``, and the rest of it.

    Raises:
        ConfigurationError: A URL names no service that is known.
    """
    words = [each for each in re.split(r"[,\s]+", text) if each]
    urls = tuple(each for each in words if "://" in each)
    for url in urls:
        if _scheme(url) not in _SERVICES:
            known = ", ".join(f"{scheme}://" for scheme in _SERVICES)
            raise ConfigurationError(
                "GRANTLINE_KEY names a key management service that is not supported.",
                hint=f"The services are {known}",
            )
    return urls, ",".join(each for each in words if each not in urls)


def open_service(url: str) -> KeyService:
    """The service that ``url`` names.

    Raises:
        ConfigurationError: The URL is incomplete, or the extra that it needs is not installed.
    """
    module, extra = _SERVICES[_scheme(url)]
    try:
        service: KeyService = importlib.import_module(module).open_key(url)
    except ImportError:
        raise ConfigurationError(
            f"GRANTLINE_KEY names {_scheme(url)}://, and what it needs is not installed.",
            hint=f"Install it with: pip install 'grantline[{extra}]'",
        ) from None
    return service


def incomplete(url: str, form: str) -> ConfigurationError:
    """The refusal of a URL that does not name a key."""
    return ConfigurationError(
        f"GRANTLINE_KEY: {url} does not name a key.", hint=f"It looks like this: {form}"
    )


def unreachable(url: str, error: BaseException, hint: str) -> KeyUnavailable:
    """What the failure of a service becomes; texts of other people's libraries stay out of it."""
    return KeyUnavailable(
        f"The key management service at {url} did not answer as it should "
        f"({type(error).__name__}).",
        hint=hint,
        detail=type(error).__name__,
    )


def encode(value: bytes) -> str:
    """Base64, as every service writes bytes."""
    return base64.b64encode(value).decode("ascii")


def decode(text: str, url: str) -> bytes:
    """The bytes of Base64; ``KeyUnavailable`` when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise unreachable(url, error, "The wrapped key is damaged: restore the database.") from None


def _scheme(url: str) -> str:
    return url.partition("://")[0]
