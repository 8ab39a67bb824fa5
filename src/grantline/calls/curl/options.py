"""The options of curl, by what becomes of them here, and a command line taken apart by them.

Of what curl 7.88 to 8 know, everything that changes the request is applied; what only changes
curl's output or its sockets is passed over; what a person would miss is warned about; and what
would make another request than the one that was meant is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from grantline.calls.curl.shell_splitter import Word
from grantline.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Given:
    """One option of a command line.

    Attributes:
        name: Its long name without hyphens; ``url`` for a word that is no option.
        written: As the person spelt it.
        word: Where it was written.
        value: None for an option that takes none.
        on: False for ``--no-name``.
    """

    name: str
    written: str
    word: Word
    value: str | None = None
    on: bool = True

    def refuse(self, message: str, *, hint: str = "") -> InvalidInput:
        """The error that says what is wrong with this option, and where it stands."""
        return InvalidInput(
            f"{self.written} at character {self.word.position}: {message}", field="curl", hint=hint
        )

    @property
    def warning(self) -> str:
        """What a person must know who gave it; empty for nothing."""
        return _OPTIONS[self.name].warning if self.on else ""

    @property
    def text(self) -> str:
        """The value, which must be text: a URL, a header, a name."""
        value = self.value or ""
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self.refuse("The value is not Unicode text.") from None
        return value


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an option: its letter, whether it takes a value, and what becomes of it."""

    letter: str
    takes_value: bool
    warning: str = ""
    refusal: str = ""


def _known(
    *, values: str = "", flags: str = "", warning: str = "", refusal: str = ""
) -> dict[str, _Known]:
    """Options written as ``name`` or ``name/letter``."""
    found = {}
    for words, takes_value in ((values, True), (flags, False)):
        for word in words.split():
            name, _, letter = word.partition("/")
            found[name] = _Known(letter, takes_value, warning, refusal)
    return found


_APPLIED: Final = _known(
    values="connect-timeout cookie/b data/d data-ascii data-binary data-raw data-urlencode form/F "
    "form-string header/H json max-time/m oauth2-bearer range/r referer/e request/X retry "
    "retry-max-time upload-file/T url url-query user/u user-agent/A",
    flags="fail/f fail-with-body get/G globoff/g head/I ipv4/4 ipv6/6 location/L tlsv1.3",
)
_QUIET: Final = _known(
    values="create-file-mode dump-header/D expect100-timeout happy-eyeballs-timeout-ms "
    "keepalive-time libcurl output/o output-dir parallel-max speed-limit/Y speed-time/y stderr "
    "tls-max trace trace-ascii write-out/w",
    flags="alpn basic buffer clobber compressed create-dirs disable/q fail-early "
    "form-escape http0.9 http1.0/0 http1.1 http2 http2-prior-knowledge http3 "
    "http3-only include/i keepalive no-buffer/N parallel/Z path-as-is "
    "progress-bar/# progress-meter remote-header-name/J remote-name/O remote-name-all "
    "remote-time/R sessionid show-error/S silent/s ssl-reqd sslv2/2 sslv3/3 styled-output "
    "suppress-connect-headers tcp-fastopen tcp-nodelay tlsv1/1 tlsv1.0 tlsv1.1 tlsv1.2 "
    "trace-ids trace-time verbose/v xattr",
)
_WARNED: Final = (
    _known(
        values="cacert capath cert/E cert-type ciphers crlfile curves key key-type pass "
        "pinnedpubkey tls13-ciphers",
        flags="cert-status",
        warning="Certificates and TLS are settings of the connection; this is not taken over.",
    )
    | _known(
        flags="insecure/k ssl-no-revoke",
        warning="Certificates are always checked; this is not taken over.",
    )
    | _known(
        values="noproxy preproxy proxy/x proxy-cacert proxy-header proxy-user/U proxy1.0 socks4 "
        "socks4a socks5 socks5-hostname",
        flags="haproxy-protocol proxy-insecure proxytunnel/p",
        warning="A proxy is a setting of the installation; this is not taken over.",
    )
    | _known(
        values="abstract-unix-socket connect-to dns-interface dns-ipv4-addr dns-servers doh-url "
        "interface local-port resolve unix-socket",
        flags="doh-insecure",
        warning="Which address is dialled is not up to a request; this is not taken over.",
    )
    | _known(
        values="netrc-file",
        flags="netrc/n netrc-optional",
        warning="Passwords in a .netrc file are not read.",
    )
    | _known(
        flags="location-trusted",
        warning="Redirects are followed, but credentials never go along to another host.",
    )
    | _known(
        values="continue-at/C cookie-jar/c limit-rate max-filesize max-redirs "
        "proto proto-default proto-redir rate retry-delay time-cond/z",
        flags="junk-session-cookies/j post301 post302 post303 raw retry-all-errors "
        "retry-connrefused tr-encoding",
        warning="This has no equal here and is not taken over.",
    )
)
_REFUSED: Final = (
    _known(
        values="aws-sigv4",
        flags="anyauth digest negotiate ntlm ntlm-wb",
        refusal="This kind of authentication is not supported.",
    )
    | _known(
        values="config/K",
        refusal="A file with more options is not read; put the options into the command.",
    )
    | _known(
        values="request-target", refusal="A request target apart from the URL is not supported."
    )
    | _known(flags="next/:", refusal="The command makes several requests; paste them one by one.")
)
_OPTIONS: Final = _APPLIED | _QUIET | _WARNED | _REFUSED
_BY_LETTER: Final = {known.letter: name for name, known in _OPTIONS.items() if known.letter}


def read_options(words: tuple[Word, ...]) -> Iterator[Given]:
    """The options and URLs of ``words``, which begin behind ``curl``, in order.

    Raises:
        InvalidInput: An option does not exist, lacks its value, or is refused.
    """
    rest = iter(words)
    for word in rest:
        if word.text == "--":
            yield from (Given("url", "The URL", each, each.text) for each in rest)
        elif word.text.startswith("--"):
            yield _valued(_long(word), rest)
        elif word.text.startswith("-") and word.text != "-":
            yield from _short(word, rest)
        else:
            yield Given("url", "The URL", word, word.text)


def _long(word: Word) -> Given:
    spelt = word.text[2:]
    on = True
    name = _complete(spelt)
    if name is None and spelt.startswith("no-"):
        name, on = _complete(spelt[3:]), False
        if name and _OPTIONS[name].takes_value:
            name = None
    given = Given(name or spelt, word.text, word, on=on)
    if name is None:
        hint = "Write the value behind a blank." if "=" in spelt else ""
        short = Given(spelt, f"--{spelt.partition('=')[0]}", word)
        raise short.refuse("curl has no such option, or it is not known here.", hint=hint)
    return given


def _complete(spelt: str) -> str | None:
    """The option that ``spelt`` is or, as curl has it, is the beginning of."""
    if spelt in _OPTIONS:
        return spelt
    found = [name for name in _OPTIONS if name.startswith(spelt)] if spelt else []
    return found[0] if len(found) == 1 else None


def _short(word: Word, rest: Iterator[Word]) -> Iterator[Given]:
    """``-sSLXPOST``: letters in one word; the first that takes a value takes all that follows."""
    for at, letter in enumerate(word.text[1:], start=2):
        name = _BY_LETTER.get(letter)
        given = Given(name or letter, f"-{letter}", word)
        if name is None:
            raise given.refuse("curl has no such option, or it is not known here.")
        attached = word.text[at:]
        if _OPTIONS[name].takes_value and attached:
            yield _valued(given, iter([Word(attached, word.position)]))
            return
        yield _valued(given, rest)


def _valued(given: Given, rest: Iterator[Word]) -> Given:
    """``given`` with its value, which is the next word."""
    known = _OPTIONS[given.name]
    if known.refusal:
        raise given.refuse(known.refusal)
    if not known.takes_value:
        return given
    word = next(rest, None)
    if word is None:
        raise given.refuse("The value is missing.")
    return replace(given, value=word.text)
