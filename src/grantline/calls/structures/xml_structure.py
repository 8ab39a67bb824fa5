"""XML as a structure of names, texts and lists, read without anything that XML can do to a reader.

No document type, no entities but XML's own five, nothing fetched; bounded in depth and in number.

The shape: the document is an object with the root element's name; an element is the text in it, or
an object when it has attributes (``@name``) or children (by name). An element that is repeated
within its parent is a list. Text beside attributes or children is ``#text``. Names keep their
prefix. An empty element is None::

    <order id="7"><item>tea</item><item>milk</item><note/></order>
    {"order": {"@id": "7", "item": ["tea", "milk"], "note": None}}
"""

from __future__ import annotations

from typing import Any, Final
from xml.parsers import expat

MAX_DEPTH: Final = 200
MAX_ELEMENTS: Final = 500_000

_Element = dict[str, Any]


def load_xml(data: bytes | str) -> _Element:
    """The structure of an XML document. Bytes are read in the encoding that they declare.

    Raises:
        ValueError: It is no XML, has a document type with declarations, or is too deep or too long.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _check_document_type
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    return reader.document


class _Reader:
    """Builds the structure from what the parser meets."""

    def __init__(self) -> None:
        self.document: _Element = {}
        self._open: list[tuple[_Element, list[str]]] = [(self.document, [])]
        self._elements = 0

    def start(self, _name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise ValueError("too deep or too long")
        self._open.append(({f"@{name}": value for name, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def end(self, name: str) -> None:
        element, texts = self._open.pop()
        text = "".join(texts).strip()
        value: Any = element
        if not element:
            value = text or None
        elif text:
            element["#text"] = text
        parent = self._open[-1][0]
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]


def _check_document_type(
    _name: str, system_id: str | None, public_id: str | None, has_declarations: int
) -> None:
    # Declared entities are how a small document grows large, and how it reads files.
    if system_id or public_id or has_declarations:
        raise ValueError("a document type with declarations")
