"""A request as a cURL command for a POSIX shell; `grantline.calls.curl.command` is the way back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.bodies.compression import compressed
from grantline.calls.bodies.content import FORM_TYPE, Content
from grantline.calls.bodies.multipart import Part, read_multipart
from grantline.calls.credential import (
    ApiKey,
    Basic,
    Bearer,
    Credential,
    is_credential_header,
    is_credential_parameter,
)
from grantline.calls.query import encode_query
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import ERROR_STATUSES
from grantline.calls.target import join_target
from grantline.messages import AddressFamily, TlsVersion, first_value
from grantline.secret import REDACTED, Secret

# Linux takes no longer single argument (MAX_ARG_STRLEN is 128 KiB), and people read commands.
MAX_INLINE: Final = 64 * 1024

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PLAIN_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?charset=[\w-]+)?", re.ASCII)


class Masking(StrEnum):
    """Whether a command that is shown holds the credentials."""

    MASKED = "masked"
    REVEALED = "revealed"


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command, and the files that must lie beside it.

    Attributes:
        text: Quoted for a POSIX shell; may have several lines.
        files: What does not fit into a command: bytes that are no text, and long ones.
    """

    text: str
    files: Mapping[str, bytes]


def to_curl(
    spec: RequestSpec,
    *,
    base_url: str = "",
    auth: Credential | None = None,
    masking: Masking = Masking.MASKED,
) -> CommandLine:
    """The cURL command that makes the request.

    Args:
        spec: What to send.
        base_url: For a ``spec.url`` that is relative.
        auth: A credential to add.
        masking: MASKED replaces credentials, also those in headers and the query.

    Raises:
        EgressBlocked: The URL may not be used; names the rule.
    """
    if masking is Masking.MASKED:
        spec, auth = _masked(spec), _masked_credential(auth)
    url = join_target(base_url, spec.url)
    if spec.query:
        url += ("&" if "?" in url else "?") + encode_query(spec.query, spec.array_style)
    files: dict[str, bytes] = {}
    words = [*_method(spec), shlex.quote(url)]
    if "/." in url:
        words.append("--path-as-is")
    if spec.follow_redirects:
        words.append("-L")
    words += _sending(spec)
    words += _credential(auth)
    if spec.compress and spec.content is not None:
        data = compressed(spec.content.data)
        content = Content(data if isinstance(data, bytes) else b"", spec.content.media_type)
        spec = replace(spec, content=content, headers=(*spec.headers, ("Content-Encoding", "gzip")))
    if not spec.accept_compressed:
        spec = replace(spec, headers=(*spec.headers, ("Accept-Encoding", "identity")))
    words += (f"-H {shlex.quote(_header(name, value))}" for name, value in spec.headers)
    if spec.content is not None:
        words += _body(spec, spec.content, files)
    return CommandLine("curl " + " \\\n  ".join(words), files)


def inline_text(data: bytes) -> str | None:
    """``data`` as a text that fits into a command; None when it does not."""
    if len(data) > MAX_INLINE or b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _method(spec: RequestSpec) -> Iterator[str]:
    if spec.method == "HEAD" and spec.content is None:
        yield "-I"
    elif spec.method != ("GET" if spec.content is None else "POST"):
        yield f"-X {shlex.quote(spec.method)}"


def _sending(spec: RequestSpec) -> Iterator[str]:
    """The options that say how it is sent, and what counts as its failure."""
    spans = (("-m", spec.timeout), ("--connect-timeout", spec.connect_timeout))
    yield from (f"{name} {_seconds(span)}" for name, span in spans if span is not None)
    if spec.fail_on == ERROR_STATUSES:
        yield "--fail-with-body"
    if spec.retry is not None and spec.retry.attempts > 1:
        yield f"--retry {spec.retry.attempts - 1}"
        if spec.retry.within != RetryPolicy().within:
            yield f"--retry-max-time {_seconds(spec.retry.within)}"
    if spec.minimum_tls is TlsVersion.TLS_1_3:
        yield "--tlsv1.3"
    if spec.address_family is not AddressFamily.ANY:
        yield "-4" if spec.address_family is AddressFamily.IPV4 else "-6"


def _credential(auth: Credential | None) -> Iterator[str]:
    match auth:
        case Basic(user, password):
            yield f"-u {shlex.quote(f'{user}:{password.reveal()}')}"
        case Bearer(token):
            yield f"-H {shlex.quote(f'Authorization: Bearer {token.reveal()}')}"
        case ApiKey(name, value):
            yield f"-H {shlex.quote(_header(name, value.reveal()))}"


def _header(name: str, value: str) -> str:
    return f"{name}: {value}" if value else f"{name};"


def _body(spec: RequestSpec, content: Content, files: dict[str, bytes]) -> Iterator[str]:
    typed = first_value(spec.headers, "Content-Type") is not None
    parts = None if typed else read_multipart(content)
    if parts and (fields := _fields(parts, files)):
        yield from fields
        return
    if not typed and content.media_type != FORM_TYPE:
        kind = f" {content.media_type}".rstrip()
        yield f"-H {shlex.quote(f'Content-Type:{kind}')}"
    text = inline_text(content.data)
    if text is None:
        files["body.bin"] = content.data
        yield "--data-binary @body.bin"
    else:
        yield f"--data-raw {shlex.quote(text)}"


def _fields(parts: tuple[Part, ...], files: dict[str, bytes]) -> list[str]:
    """The parts as ``-F`` options; none when one of them cannot be written so."""
    found: dict[str, bytes] = {}
    words = []
    for number, part in enumerate(parts, start=1):
        if "=" in part.name or "\0" in f"{part.name}{part.filename}":
            return []
        if part.media_type is not None and not _PLAIN_TYPE.fullmatch(part.media_type):
            return []
        kind = "" if part.media_type is None else f";type={part.media_type}"
        text = inline_text(part.data)
        if part.filename is not None:
            if not kind:
                return []  # curl always gives a file a type
            path = _path(part, number, found)
            name = "" if path == part.filename else f";filename={_in_quotes(part.filename)}"
            word = f"-F {shlex.quote(f'{part.name}=@{path}{kind}{name}')}"
        elif text is None:
            path = _path(part, number, found)
            word = f"-F {shlex.quote(f'{part.name}=<{path}{kind}')}"
        elif kind:
            word = f"-F {shlex.quote(f'{part.name}={_in_quotes(text)}{kind}')}"
        else:
            word = f"--form-string {shlex.quote(f'{part.name}={text}')}"
        words.append(word)
    files.update(found)
    return words


def _path(part: Part, number: int, files: dict[str, bytes]) -> str:
    name = part.filename or ""
    if not _PLAIN_NAME.fullmatch(name) or files.get(name, part.data) != part.data:
        name = f"part-{number}.bin"
    files[name] = part.data
    return name


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.6f}".rstrip("0").rstrip(".")


def _masked(spec: RequestSpec) -> RequestSpec:
    base, mark, query = spec.url.partition("?")
    return replace(
        spec,
        url=base + mark + "&".join(_masked_pair(each) for each in query.split("&")),
        headers=tuple(
            (name, REDACTED if is_credential_header(name) else value)
            for name, value in spec.headers
        ),
        query=tuple(
            (name, REDACTED if is_credential_parameter(name) else value)
            for name, value in spec.query
        ),
    )


def _masked_pair(text: str) -> str:
    pairs = parse_qsl(text, keep_blank_values=True)
    if pairs and is_credential_parameter(pairs[0][0]):
        return urlencode([(pairs[0][0], REDACTED)])
    return text


def _masked_credential(auth: Credential | None) -> Credential | None:
    hidden = Secret(REDACTED)
    match auth:
        case Basic(user, _):
            return Basic(user, hidden)
        case Bearer():
            return Bearer(hidden)
        case ApiKey(name, _):
            return ApiKey(name, hidden)
        case None:
            return None
