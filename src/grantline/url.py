"""URLs, parsed once and strictly: the host that is checked is the host that is dialled.

Parsers disagree about odd URLs, and every disagreement is a way past a check: put a backslash and
an @ between two hosts, and one library dials the first, the next library the second. So nothing
odd is repaired here. Text that has two readings is refused, the rest is taken apart, and only text
rebuilt from the parts (``str(url)``) reaches a library.

Grammar: RFC 3986; host names: RFC 1123 and IDNA 2008 (RFC 5891), without the mapping of UTS 46.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import quote, urljoin

import idna

from grantline.errors import EgressBlocked

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# Servers stop at 8 or 16 KiB; it bounds the work below and the memory of the cache.
MAX_LENGTH: Final = 16 * 1024

# Blanks of any script count: a person cannot see them, and parsers trim them differently.
_BAD_CHARACTER = re.compile(r"[\x00-\x20\x7f-\x9f\\\s\ud800-\udfff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PARTS = re.compile(r"//([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
# An underscore is no RFC 1123 host name, but container networks are full of them.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

_PATH_SAFE: Final = "/:@!$&'()*+,;=~%"
_QUERY_SAFE: Final = _PATH_SAFE + "?"
_CLEAN_PATH = re.compile(r"[A-Za-z0-9._~/:@!$&'()*+,;=-]*")
_CLEAN_QUERY = re.compile(r"[A-Za-z0-9._~/:@!$&'()*+,;=?-]*")
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http(s) URL in canonical form. ``str(url)`` is the only text to send.

    Attributes:
        scheme: ``http`` or ``https``.
        host: Lower-case ASCII; an IPv6 address stands here without brackets.
        port: None when it is the scheme's own.
        path: Percent-encoded; begins with ``/``.
        query: Percent-encoded, without ``?``; empty for none.
    """

    scheme: str
    host: str
    port: int | None = None
    path: str = "/"
    query: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port: what must stay the same for a credential to stay (RFC 6454)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            f"{self.scheme}://{host}"
            if self.port is None
            else f"{self.scheme}://{host}:{self.port}"
        )

    @property
    def effective_port(self) -> int:
        """The port that is dialled."""
        return self.port or DEFAULT_PORTS[self.scheme]

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The host as an IP address, or None for a name."""
        return literal_address(self.host)

    def __str__(self) -> str:
        query = f"?{self.query}" if self.query else ""
        return f"{self.origin}{self.path}{query}"


# Cached because every request needs the same few URLs parsed several times.
@lru_cache(maxsize=2048)
def parse_url(text: str) -> Url:
    """The URL that ``text`` is, if there is only one reading of it. A fragment is dropped.

    Raises:
        EgressBlocked: ``rule`` is ``bad_character``, ``bad_url``, ``scheme``, ``userinfo``,
            ``host_not_canonical`` or ``bad_port``.
    """
    if len(text) > MAX_LENGTH:
        raise EgressBlocked("The URL is too long.", rule="bad_url")
    if _BAD_CHARACTER.search(text):
        raise EgressBlocked(
            "The URL contains a blank, a control character or a backslash.",
            rule="bad_character",
            hint="Write such characters percent-encoded, a blank as %20.",
        )
    scheme = _SCHEME.match(text)
    name = scheme[1].lower() if scheme else ""
    if scheme is None or name not in DEFAULT_PORTS:
        raise EgressBlocked(
            "The URL does not begin with https://.",
            rule="scheme",
            address=name,
            hint="Only https, and http where the operator allows it, are requested.",
        )
    parts = _PARTS.fullmatch(text, scheme.end())
    if parts is None or not parts[1]:
        raise EgressBlocked("The URL names no host after the two slashes.", rule="bad_url")
    host, port = _parse_authority(name, parts[1])
    path, query = parts[2] or "/", parts[3] or ""
    if not _CLEAN_PATH.fullmatch(path):
        path = _encode(path, _PATH_SAFE)
    if query and not _CLEAN_QUERY.fullmatch(query):
        query = _encode(query, _QUERY_SAFE)
    return Url(name, host, port, path, query)


def parse_endpoint(text: str) -> Url:
    """The URL of an OAuth endpoint: as `parse_url`, and no fragment (RFC 6749 section 3.1).

    Raises:
        EgressBlocked: As `parse_url`, and ``fragment``.
    """
    if "#" in text:
        raise EgressBlocked(
            "An endpoint's URL has no fragment.",
            rule="fragment",
            hint="Remove the part from # on (RFC 6749 section 3.1).",
        )
    return parse_url(text)


def resolve_reference(base: Url, reference: str) -> Url:
    """Where ``reference``, such as a Location header, leads from ``base`` (RFC 3986 section 5.2).

    Raises:
        EgressBlocked: As `parse_url`, whose strictness holds for relative references too.
    """
    if _BAD_CHARACTER.search(reference):
        raise EgressBlocked(
            "The reference contains a blank, a control character or a backslash.",
            rule="bad_character",
        )
    if _SCHEME.match(reference):
        return parse_url(reference)
    if reference.startswith("//"):
        return parse_url(f"{base.scheme}:{reference}")
    return parse_url(urljoin(str(base), reference))


def local_path(text: str) -> str:
    """``text`` as a path on our own origin, safe in a redirect (RFC 9700 section 4.11.1).

    Raises:
        EgressBlocked: ``open_redirect``: a browser might read another origin into it.
    """
    path = text.partition("?")[0].partition("#")[0]
    segments = path.split("/")
    if (
        not path.startswith("/")
        or _BAD_CHARACTER.search(text)
        # "/.//host" and "/x/..//host" become "//host" where somebody removes dot segments.
        or "" in segments[1:-1]
        or any(segment in {".", ".."} for segment in segments)
    ):
        raise EgressBlocked(
            "The place to return to is not a path of this site.",
            rule="open_redirect",
            hint="Give a path that begins with one slash.",
        )
    url = parse_url(f"https://localhost{text}")
    return f"{url.path}?{url.query}" if url.query else url.path


@lru_cache(maxsize=4096)
def canonical_host(text: str) -> str:
    """The one spelling of a host: lower-case ASCII, no trailing dot, no brackets.

    Raises:
        EgressBlocked: ``host_not_canonical``: resolvers would read it in different ways.
    """
    if text.startswith("[") and text.endswith("]"):
        return _ipv6(text[1:-1])
    # U+212A is a "k" once it is lower-case: characters must not turn into ASCII on the way.
    if any(not char.isascii() and char.lower().isascii() for char in text):
        raise _not_canonical()
    labels = text.lower().split(".")
    if len(labels) > 1 and labels[-1] == "" and not _NUMBER.fullmatch(labels[-2]):
        labels.pop()  # the dot of the DNS root: the same name
    host = ".".join([_label(label) for label in labels])
    if len(host) > 253:
        raise _not_canonical()
    # Where the last label is a number, resolvers try to read an address: 127.1, 0x7f.1, 2130706433.
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise _not_canonical() from None
    return host


def literal_address(host: str) -> IPv4Address | IPv6Address | None:
    """``host``, in canonical form, as an IP address, or None for a name."""
    if ":" not in host and not host[-1:].isdigit():
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_loopback_host(host: str) -> bool:
    """Whether ``host``, in canonical form, means this machine (RFC 6761 section 6.3)."""
    address = literal_address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback


# Cached by itself because IDNA is slow, and hosts are few where URLs are many.
@lru_cache(maxsize=4096)
def _parse_authority(scheme: str, authority: str) -> tuple[str, int | None]:
    """The host and port of ``authority`` (RFC 3986 section 3.2), without any user information."""
    if "@" in authority:
        raise EgressBlocked(
            "The URL contains a user name or password.",
            rule="userinfo",
            hint="Remove everything before the @; a connection places credentials itself.",
        )
    bracket = authority.rfind("]")
    host, colon, port_text = authority[bracket + 1 :].partition(":")
    host = authority[: bracket + 1] + host
    if not host or ":" in port_text:
        raise EgressBlocked("The URL's host and port cannot be told apart.", rule="bad_url")
    host = canonical_host(host)
    if not colon:
        return host, None
    if not _PORT.fullmatch(port_text) or int(port_text) > 65535:
        raise EgressBlocked("The URL's port is not a number from 1 to 65535.", rule="bad_port")
    port = int(port_text)
    return host, None if port == DEFAULT_PORTS[scheme] else port


def _ipv6(text: str) -> str:
    """``text`` in its shortest spelling (RFC 5952). Zone ids name a local interface: refused."""
    try:
        if "%" in text:
            raise ValueError
        return IPv6Address(text).compressed
    except ValueError:
        raise _not_canonical() from None


def _label(label: str) -> str:
    """One label of a host name as ASCII (RFC 5891 section 4)."""
    try:
        if not label.isascii():
            return idna.alabel(label).decode()
        # The encoding of a valid label, and the only one of it.
        if label.startswith("xn--") and idna.alabel(idna.ulabel(label)).decode() != label:
            raise _not_canonical()
    except (idna.IDNAError, UnicodeError):
        raise _not_canonical() from None
    if not _LABEL.fullmatch(label):
        raise _not_canonical()
    return label


def _not_canonical() -> EgressBlocked:
    return EgressBlocked(
        "The URL's host can be read in more than one way.",
        rule="host_not_canonical",
        hint="Write a plain host name, or an address as 192.0.2.1 or [2001:db8::1].",
    )


def _encode(text: str, safe: str) -> str:
    """``text`` percent-encoded where RFC 3986 wants it; escapes that are there stay."""
    return quote(_BARE_PERCENT.sub("%25", text), safe=safe)
