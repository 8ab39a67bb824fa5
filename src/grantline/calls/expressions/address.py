"""URLs with expressions: what is filled in stays in its segment, its parameter, its host."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from grantline.calls.expressions.machine import run
from grantline.calls.expressions.program import Names, Program
from grantline.calls.expressions.template import template_of
from grantline.calls.expressions.values import as_text, joined
from grantline.calls.expressions.wording import Refused, failed, kind_of
from grantline.errors import EgressBlocked, ExpressionFailed
from grantline.url import parse_url

_AUTHORITY: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_LABELS: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_HOST: Final = re.compile(rf"(?:{_LABELS.pattern})(?::[0-9]{{1,5}})?")
# Percent-encoding does not help: %2e%2e climbs as well as two dots do.
_DOTS: Final = re.compile(r"(?:\.|%2[eE]){0,2}")


def fill_url(text: str, names: Names) -> str:
    """``text`` with its expressions worked out, each value encoded for the place where it stands.

    A value is one path segment, one name or value of the query, a part of the host, or a part of
    the fragment, and never more. Only one that begins the text is taken as it is; it is a whole
    URL then.

    Raises:
        ExpressionFailed: As `fill_text`, and for a value that does not fit its place.
    """
    if "{" not in text:
        return text
    return _Address(names).filled(text)


class _Address:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._done = ""
        # Where values stand, for a last look at the segments that they are in.
        self._values: list[tuple[int, Program]] = []

    def filled(self, text: str) -> str:
        pieces = template_of(text).pieces
        for number, piece in enumerate(pieces):
            if isinstance(piece, str):
                self._add(piece if self._done else piece.lstrip())
                continue
            following = pieces[number + 1] if number + 1 < len(pieces) else "/"
            before_end = isinstance(following, str) and following.lstrip()[:1] in {
                "/",
                "?",
                "#",
                "",
            }
            try:
                self._put(piece, run(piece, self._names), before_end=before_end)
            except Refused as refused:
                raise _failed(piece, refused.message, refused.hint) from None
        self._done = self._done.rstrip()
        self._check_segments()
        return self._done

    def _put(self, piece: Program, value: Any, *, before_end: bool) -> None:
        if value is None or isinstance(value, list | dict):
            raise Refused(
                f"This is {kind_of(value)}; a URL takes texts and numbers.",
                "Write default(...) behind it."
                if value is None
                else "Take a part of it, or join it.",
            )
        text = as_text(value)
        authority = _AUTHORITY.match(self._done)
        if not self._done:
            self._add(_whole(text))
        elif authority is not None and authority.end() == len(self._done):
            at_begin = self._done.endswith("/")
            pattern = _HOST if at_begin and before_end else _LABELS
            if not pattern.fullmatch(text):
                raise Refused(
                    "This is no host name, or no part of one.",
                    "A host has letters, digits, hyphens and dots; no slash and no https://.",
                )
            self._add(text)
        else:
            self._values.append((len(self._done), piece))
            try:
                self._add(quote(text, safe=""))
            except UnicodeEncodeError:
                raise Refused("This is no Unicode text.") from None

    def _add(self, text: str) -> None:
        self._done = joined([self._done, text])

    def _check_segments(self) -> None:
        """No value may make a segment vanish, or turn it into a step upwards."""
        authority = _AUTHORITY.match(self._done)
        begin = authority.end() if authority else 0
        found = re.search(r"[?#]", self._done[begin:])
        end = begin + found.start() if found else len(self._done)
        for at, piece in self._values:
            if at > end or (at == end and found):
                continue
            first = max(self._done.rfind("/", begin, at) + 1, begin)
            last = self._done.find("/", at, end)
            segment = self._done[first : last if last >= 0 else end]
            if _DOTS.fullmatch(segment):
                what = "dots only" if segment else "nothing"
                raise _failed(
                    piece,
                    f"This segment of the path would be {what}, and the URL another one.",
                    "Set a filter before the module, or write default(...) behind it.",
                )


def _whole(text: str) -> str:
    try:
        parse_url(text)
    except EgressBlocked as error:
        raise Refused(
            f"What begins the text must be a whole URL. {error.message}",
            error.hint or "Write what comes before it in front of the braces, at least a slash.",
        ) from None
    return text


def _failed(piece: Program, message: str, hint: str) -> ExpressionFailed:
    return failed(piece.text, piece.offset, message, hint)
