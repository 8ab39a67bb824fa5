"""A pasted cURL command as a request (``curl(1)``, versions 7.88 to 8).

What curl would send is what the request sends; `grantline.calls.curl.export` is the way back.
Credentials are lifted out: a connection keeps them better than a form does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlencode

from grantline.calls.attempts.retry import IDEMPOTENT, RetryPolicy
from grantline.calls.bodies.content import FORM_TYPE, JSON_TYPE, Content
from grantline.calls.bodies.multipart import MULTIPART_TYPE, Part, multipart_content
from grantline.calls.credential import (
    ApiKey,
    Basic,
    Bearer,
    Credential,
    is_credential_header,
    read_authorization,
)
from grantline.calls.curl.form import read_form
from grantline.calls.curl.options import Given, read_options
from grantline.calls.curl.shell_words import split_words
from grantline.calls.headers import check_header
from grantline.calls.query import Pairs
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import ERROR_STATUSES
from grantline.errors import EgressBlocked, InvalidInput
from grantline.messages import AddressFamily, Headers, TlsVersion, first_value
from grantline.secret import Secret
from grantline.url import parse_url

MAX_COMMAND: Final = 2_000_000
STDIN: Final = "-"
MOST_RETRIES: Final = 20

_FLAGS: Final = frozenset(
    {
        *("get", "head", "location", "globoff", "fail", "fail-with-body"),
        *("ipv4", "ipv6", "tlsv1.3"),
    }
)

_PROGRAM = re.compile(r"(?:.*[/\\])?curl(?:\.exe)?", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_USERINFO = re.compile(r"(https?://)([^/?#@]*)@", re.IGNORECASE)
# Only what stands for several URLs; ``{id}`` and ``filter[]`` are read as they are written.
_GLOB = re.compile(r"\{[^{}]*,[^{}]*\}|\[(?:[0-9]+-[0-9]+|[A-Za-z]-[A-Za-z])(?::[0-9]+)?\]")
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]*)?|\.[0-9]+")
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurlImport:
    """What a cURL command asks for.

    Attributes:
        spec: The request, without credentials.
        auth: The credential that the command held, taken out of it.
        missing: Files that the command reads and that were not given, in order; ``-`` is standard
            input. The body has nothing in their place.
        warnings: Sentences for the person who pasted it.
    """

    spec: RequestSpec
    auth: Credential | None = None
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def parse_curl(
    text: str, *, files: Mapping[str, bytes] | None = None, boundary: str | None = None
) -> CurlImport:
    """The request that a cURL command makes.

    Args:
        text: As copied from a documentation, a browser or a terminal, for any of three shells.
        files: The bytes of ``@file`` references, by the name that the command gives them.
        boundary: For a form with files; see `multipart_content`.

    Raises:
        InvalidInput: It is no cURL command, or one that cannot be made here; says which option
            and where.
    """
    if len(text) > MAX_COMMAND:
        raise InvalidInput("The command is too long.", field="curl")
    words = split_words(text)
    if not words or not _PROGRAM.fullmatch(words[0].text):
        raise InvalidInput(
            "This is no cURL command.", field="curl", hint="It begins with the word curl."
        )
    command = _Command(files or {})
    for given in read_options(words[1:]):
        command.take(given)
    for variable in dict.fromkeys(name for word in words for name in word.variables):
        command.warn(f"{variable} is a shell variable; write its value in its place.")
    return command.finish(boundary)


class _Command:
    """What the options seen so far amount to."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.missing: dict[str, None] = {}
        self.warnings: dict[str, None] = {}
        self.url: Given | None = None
        self.method: Given | None = None
        self.flags: set[str] = set()
        self.headers: list[tuple[str, str]] = []
        self.removed: set[str] = set()
        self.implied: dict[str, str] = {}
        self.auth: Credential | None = None
        self.body: bytes | None = None
        self.body_type = FORM_TYPE
        self.body_options: dict[str, Given] = {}
        self.upload: str | None = None
        self.parts: list[Part] = []
        self.query: list[str] = []
        self.spans: dict[str, timedelta | None] = {}
        self.retries = 0

    def warn(self, sentence: str) -> None:
        """Says something once."""
        self.warnings[sentence] = None

    def load(self, path: str) -> bytes:
        """The bytes of a file, or none, and then it is missing."""
        if path not in self.files:
            self.missing[path] = None
        return self.files.get(path, b"")

    def take(self, given: Given) -> None:
        """Applies one option."""
        if given.warning:
            self.warn(f"{given.written}: {given.warning}")
        match given.name:
            case "url":
                self._set_url(given)
            case "request":
                self._set_method(given)
            case _ if given.name in _FLAGS:
                (self.flags.add if given.on else self.flags.discard)(given.name)
            case "location-trusted":
                self.flags.add("location")
            case "max-time" | "connect-timeout" | "retry-max-time" | "retry":
                self._set_number(given)
            case "url-query":
                self._add_query(given)
            case "header":
                self._add_header(given)
            case "user-agent" | "referer" | "range" | "cookie":
                self._imply_header(given)
            case _:
                self._take_body_or_credential(given)

    def _take_body_or_credential(self, given: Given) -> None:
        match given.name:
            case "data" | "data-ascii" | "data-binary" | "data-raw" | "data-urlencode" | "json":
                self._add_data(given)
            case "form" | "form-string":
                self.body_options.setdefault("form", given)
                self.parts.append(read_form(given, self.load))
            case "upload-file":
                self.body_options.setdefault("upload", given)
                self.upload = given.text
            case "user":
                user, colon, password = given.text.partition(":")
                if not colon:
                    self.warn("curl would ask for the password; the command holds none.")
                self.auth = Basic(user, Secret(password))
            case "oauth2-bearer":
                self.auth = Bearer(Secret(given.text))

    def _set_url(self, given: Given) -> None:
        if self.url is not None:
            raise given.refuse("The command has several URLs.", hint="Paste one request at a time.")
        self.url = given

    def _set_method(self, given: Given) -> None:
        if not _METHOD.fullmatch(given.text):
            raise given.refuse("This is no HTTP method.")
        self.method = given

    def _set_number(self, given: Given) -> None:
        if given.name == "retry" and given.text.isdecimal():
            self.retries = min(int(given.text[:9]), MOST_RETRIES)
        elif _SECONDS.fullmatch(given.text):
            self.spans[given.name] = timedelta(seconds=float(given.text)) or None
        else:
            raise given.refuse("This is no number of seconds, or of attempts.")

    def _imply_header(self, given: Given) -> None:
        name, value = "Cookie", given.text
        match given.name:
            case "user-agent":
                name = "User-Agent"
            case "referer":
                name, value = "Referer", value.removesuffix(";auto")
            case "range":
                name, value = "Range", f"bytes={value}"
            case _ if "=" not in value:
                self.warn("A file with cookies is not read; write them as -b 'name=value'.")
                return
            case _ if "Cookie" in self.implied:
                value = f"{self.implied['Cookie']};{value}"
        _check(given, name, value)
        self.implied[name] = value

    def _add_header(self, given: Given) -> None:
        if given.text.startswith("@"):
            lines = self.load(given.text[1:]).decode("utf-8", "replace").splitlines()
            for line in lines:
                if line.strip():
                    self._add_header(replace(given, value=line.lstrip("@")))
            return
        name, colon, value = given.text.partition(":")
        value = value.strip(" \t")
        if not colon and name.rstrip().endswith(";"):
            name, value = name.rstrip()[:-1], ""
        elif not colon:
            raise given.refuse("A header has the form 'Name: value'.")
        elif not value:
            self.removed.add(name.strip().lower())
            return
        if name.lower() == "authorization":
            self._authorization(given, value)
            return
        if _check(given, name, value):
            self.headers.append((name, value))
        else:
            self.warn(f"{name}: This header is left out; the transport sets what is needed.")

    def _authorization(self, given: Given, value: str) -> None:
        if "authorization" in self.implied:
            raise given.refuse("The command has two Authorization headers.")
        _check(given, "Authorization", value)
        # As in curl, it outweighs -u, wherever that stands.
        self.implied["authorization"] = value

    def _add_data(self, given: Given) -> None:
        self.body_options.setdefault("data", given)
        if given.name == "data-urlencode":
            piece = self._encoded(given)
        elif (given.value or "").startswith("@") and given.name != "data-raw":
            piece = self.load(given.text[1:])
            if given.name in {"data", "data-ascii"}:
                piece = piece.translate(None, b"\r\n\0")
        else:
            piece = (given.value or "").encode("utf-8", "surrogateescape")
        if given.name == "json":
            self.body_type = JSON_TYPE
            self.body = (self.body or b"") + piece
        else:
            self.body = piece if self.body is None else self.body + b"&" + piece

    def _encoded(self, given: Given) -> bytes:
        """The five forms of ``--data-urlencode``."""
        value = given.value or ""
        at = value.find("=")
        if at < 0:
            at = value.find("@")
        if at < 0:
            return quote_plus(value.encode("utf-8", "surrogateescape")).encode()
        name, rest = value[:at], value[at + 1 :]
        content = self.load(rest) if value[at] == "@" else rest.encode("utf-8", "surrogateescape")
        encoded = quote_plus(content)
        joined = f"{name}={encoded}" if name else encoded
        return joined.encode("utf-8", "surrogateescape")

    def _add_query(self, given: Given) -> None:
        if given.text.startswith("+"):
            self.query.append(given.text[1:])
        else:
            self.query.append(self._encoded(given).decode("utf-8", "replace"))

    def finish(self, boundary: str | None) -> CurlImport:
        """The whole request."""
        if self.url is None:
            raise InvalidInput("The command names no URL.", field="curl")
        is_get = "get" in self.flags
        if is_get and self.body is not None:
            self.query.append(self.body.decode("utf-8", "replace"))
            self.body = None
            self.body_options.pop("data")
        if len(self.body_options) > 1:
            _, second = self.body_options.values()
            raise second.refuse("The command has two bodies.", hint="Keep one of -d, -F and -T.")
        if self.body_options and "head" in self.flags:
            given = next(iter(self.body_options.values()))
            raise given.refuse("A HEAD request (-I) has no body.")
        url, query = self._target(self.url)
        self._credential()
        headers, content = self._content(boundary)
        spec = RequestSpec(
            method=self._method(),
            url=url,
            headers=headers,
            query=query,
            content=content,
            follow_redirects="location" in self.flags,
            timeout=self.spans.get("max-time"),
            connect_timeout=self.spans.get("connect-timeout"),
            fail_on=ERROR_STATUSES if self.flags & {"fail", "fail-with-body"} else (),
            retry=self._retry(),
            minimum_tls=TlsVersion.TLS_1_3 if "tlsv1.3" in self.flags else TlsVersion.TLS_1_2,
            address_family=self._address_family(),
        )
        return CurlImport(
            spec=spec,
            auth=self.auth,
            missing=tuple(self.missing),
            warnings=tuple(self.warnings),
        )

    def _retry(self) -> RetryPolicy | None:
        """What ``--retry`` means: curl repeats whatever method it was given."""
        if not self.retries:
            return None
        usual = RetryPolicy()
        return RetryPolicy(
            attempts=self.retries + 1,
            methods=tuple(dict.fromkeys((*IDEMPOTENT, self._method()))),
            within=self.spans.get("retry-max-time") or usual.within,
        )

    def _address_family(self) -> AddressFamily:
        families = {"ipv4": AddressFamily.IPV4, "ipv6": AddressFamily.IPV6}
        chosen = [family for name, family in families.items() if name in self.flags]
        return chosen[0] if len(chosen) == 1 else AddressFamily.ANY

    def _method(self) -> str:
        if self.method is not None:
            return self.method.text.upper()
        if "head" in self.flags:
            return "HEAD"
        if "upload" in self.body_options:
            return "PUT"
        return "POST" if self.body_options else "GET"

    def _target(self, given: Given) -> tuple[str, Pairs]:
        """The URL without user and fragment, and its query as pairs where those say the same."""
        url = given.text.strip()
        if not _SCHEME.match(url):
            self.warn("The URL has no scheme; https:// was put before it.")
            url = f"https://{url}"
        if "globoff" not in self.flags and _GLOB.search(url):
            raise given.refuse(
                "The URL stands for several URLs.", hint="Paste one request, or add -g."
            )
        if match := _USERINFO.match(url):
            user, _, password = match[2].partition(":")
            if self.auth is None:
                self.auth = Basic(unquote(user), Secret(unquote(password)))
            url = match[1] + url[match.end() :]
        url = url.partition("#")[0]
        base, _, query = url.partition("?")
        if self.upload is not None and base.endswith("/"):
            base += quote(self.upload.rpartition("/")[2])
        whole = "&".join(each for each in (query, *self.query) if each)
        pairs = tuple(parse_qsl(whole, keep_blank_values=True))
        if urlencode(pairs) == whole:
            url, whole = base, ""
        else:
            # What was pasted says more than pairs can: filter[]=a, a lone word, an unusual escape.
            url, pairs = f"{base}?{whole}", ()
        try:
            parse_url(url)
        except EgressBlocked as error:
            raise given.refuse(error.message, hint=error.hint) from None
        return url, pairs

    def _credential(self) -> None:
        if "authorization" in self.removed:
            self.auth = None
        if value := self.implied.pop("authorization", None):
            self.auth = read_authorization(value)
        if self.auth is None:
            found = [each for each in self.headers if _is_key(each[0])]
            if len(found) == 1:
                self.headers.remove(found[0])
                self.auth = ApiKey(found[0][0], Secret(found[0][1]))
        match self.auth:
            case Bearer():
                self.warn("The command holds an access token. A connection would renew it.")
            case Basic() | ApiKey():
                self.warn("The command holds a password or key. It was taken out of the request.")

    def _content(self, boundary: str | None) -> tuple[Headers, Content | None]:
        """The headers, without that of the body, and the body."""
        if self.body_type == JSON_TYPE:
            self.implied["Accept"] = JSON_TYPE
        for name, value in self.implied.items():
            given = name.lower() in self.removed or first_value(self.headers, name) is not None
            if value and not given:
                self.headers.append((name, value))
        data = self.load(self.upload) if self.upload is not None else self.body
        if data is None and not self.parts:
            return tuple(self.headers), None
        types = [each for each in self.headers if each[0].lower() == "content-type"]
        if self.parts:
            if any(not each[1].lower().startswith(MULTIPART_TYPE) for each in types):
                raise InvalidInput(
                    f"The command sends a form (-F) under a Content-Type that is not "
                    f"{MULTIPART_TYPE}; that is not supported.",
                    field="curl",
                )
            rest = tuple(each for each in self.headers if each not in types)
            return rest, multipart_content(self.parts, boundary=boundary)
        kind = "" if self.upload is not None or "content-type" in self.removed else self.body_type
        if len(types) == 1:
            self.headers.remove(types[0])
            kind = types[0][1]
        return tuple(self.headers), Content(data or b"", kind)


def _is_key(name: str) -> bool:
    return name.lower() not in {"cookie", "set-cookie"} and is_credential_header(name)


def _check(given: Given, name: str, value: str) -> bool:
    """Whether a request may carry the header; False for those that the transport sets."""
    try:
        check_header(name, value)
    except EgressBlocked as error:
        if error.rule != "reserved_header":
            raise given.refuse(error.message, hint=error.hint) from None
        return False
    return True
