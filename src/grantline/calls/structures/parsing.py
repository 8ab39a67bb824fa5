"""What an answer says, as a structure. Its content decides where its header is wrong."""

from __future__ import annotations

import csv
import re
from typing import Any, Final

from grantline.calls.structures.charset import decode
from grantline.calls.structures.json_values import load_json
from grantline.calls.structures.xml_structure import load_xml

_LINES: Final = frozenset(
    {
        "application/jsonl",
        "application/jsonlines",
        "application/ndjson",
        "application/x-jsonlines",
        "application/x-ndjson",
        "application/stream+json",
    }
)
_SEPARATED: Final = {"text/csv": ",", "application/csv": ",", "text/tab-separated-values": "\t"}
_JSON_START = re.compile(r"\s*[\[{]")
_XML_START = re.compile(r"\s*<(?:\?xml\s|[A-Za-z_])")
_HTML_START = re.compile(
    r"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html[\s/>])", re.IGNORECASE | re.DOTALL
)
# A few control characters occur in texts; the others say that it is none.
_NO_TEXT = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_LOOKED_AT: Final = 64 * 1024
# What a short row lacks takes memory that no byte of the answer has paid for.
MOST_MISSING_CELLS: Final = 1_000_000


def parse_data(content: bytes, content_type: str) -> Any:
    """The structure, the text, or the bytes of an answer.

    JSON is read as by `load_json`, XML as by `load_xml`, lines of JSON as a list. CSV is a list of
    objects by the names in its first row; cells without one are called ``column_2`` and so on.
    What cannot be read as what it is called is read as what it looks like; then text stays text,
    and anything else stays bytes. An empty body is None.
    """
    if not content:
        return None
    kind = content_type.partition(";")[0].strip().lower()
    if not is_text(content, kind):
        return content
    text = decode(content, content_type).removeprefix("\ufeff")
    for read in _readers(kind, text):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def is_html(text: str) -> bool:
    """Whether a text begins as a page does."""
    return _HTML_START.match(text) is not None


def is_text(content: bytes, kind: str) -> bool:
    """Whether the bytes are a text, of the media type ``kind`` or of any."""
    head = content[:_LOOKED_AT]
    if head.startswith(_WIDE_MARKS):
        return True
    if _NO_TEXT.search(head):
        return False
    return (
        kind.startswith("text/")
        or kind.endswith(("+json", "+xml", "/json", "/xml"))
        or kind in _LINES | _SEPARATED.keys()
        or _is_utf8(head)
    )


def _readers(kind: str, text: str) -> list[Any]:
    """How to read it: first as what it is called, then as what it looks like."""
    readers: list[Any] = []
    if kind in _LINES:
        readers += [_load_lines]
    elif kind.endswith(("/json", "+json")):
        readers += [load_json, _load_lines]
    elif kind in _SEPARATED:
        readers += [lambda text: _load_rows(text, _SEPARATED[kind])]
    if _JSON_START.match(text):
        readers += [load_json, _load_lines]
    elif _XML_START.match(text) and not is_html(text) and "html" not in kind:
        readers += [load_xml]
    return readers


def _load_lines(text: str) -> list[Any]:
    lines = [line for line in text.splitlines() if line.strip("\x1e \t")]
    if not lines:
        raise ValueError("no lines")
    return [load_json(line.strip("\x1e")) for line in lines]


def _load_rows(text: str, separator: str) -> list[dict[str, str]]:
    if separator == ",":
        first = text.partition("\n")[0]
        # Where the decimal sign is a comma, columns are often parted by semicolons.
        separator = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    names: dict[str, None] = {}
    for number, name in enumerate(rows[0] if rows else (), start=1):
        names[name if name and name not in names else f"column_{number}"] = None
    records = [row for row in rows[1:] if row]
    if sum(max(0, len(names) - len(row)) for row in records) > MOST_MISSING_CELLS:
        raise ValueError("most cells are missing")
    return [_record([*names], row) for row in records]


def _record(names: list[str], row: list[str]) -> dict[str, str]:
    more = (f"column_{number}" for number in range(len(names) + 1, len(row) + 1))
    cells = [*row, *[""] * (len(names) - len(row))]
    return dict(zip([*names, *more], cells, strict=True))


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True
