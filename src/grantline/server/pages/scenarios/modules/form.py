"""A module as its form holds it: every field as it was typed, and the module that is meant.

The request in it is the form of *Make a request*, with the same names of inputs, so its templates
and readers serve both. Bodies differ: their texts are mapped, and files come from other modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from starlette.datastructures import FormData, UploadFile

from grantline.calls.query import Pairs
from grantline.errors import InvalidInput
from grantline.scenarios.definition.modules import (
    KINDS,
    Action,
    Collect,
    MakeRequest,
    OnError,
)
from grantline.scenarios.definition.spans import parse_span, span_words
from grantline.server.pages.requests.files import KeptFile
from grantline.server.pages.requests.form import FormPart, RequestForm
from grantline.server.pages.requests.read import form_from
from grantline.server.pages.requests.settings import RequestSettings
from grantline.server.pages.scenarios.modules.mapped_json import json_text, read_json

USUAL: Final = OnError()
CALLS: Final = frozenset({"make_request", "download_file", "retrieve_headers"})


class ValueKind:
    """How a value is typed that may be any JSON."""

    NONE = "none"
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A named value that may be any JSON, as it is typed."""

    name: str = ""
    kind: str = ValueKind.TEXT
    text: str = ""


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch of a router; ``at`` says which one it was before, from 1, or is empty."""

    at: str = ""
    name: str = ""
    goes: str = "when"
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ModuleForm:
    """The fields of a module as they were typed; those of other kinds are as they are usually.

    Attributes:
        number: 0 for a module that is not in the scenario yet; then ``place`` says where it goes.
        version: Of the scenario when the form was filled.
        call: The request; also the URL, headers and body of kinds that have only these.
        beside: A credential that goes along with a connection.
    """

    kind: str
    number: int = 0
    place: str = ""
    version: int = 0
    name: str = ""
    note: str = ""
    when: str = ""
    is_enabled: bool = True
    action: str = Action.STOP.value
    fallback: str = ""
    after: str = span_words(USUAL.after)
    attempts: str = str(USUAL.attempts)
    call: RequestForm = field(default_factory=RequestForm)
    share_cookies: bool = False
    beside: str = ""
    folder: str = ""
    file_name: str = ""
    overwrite: bool = False
    items: str = ""
    source: str = ""
    collect: str = Collect.ARRAY.value
    value: ValueRow = field(default_factory=ValueRow)
    separator: str = ""
    columns: Pairs = ()
    header: bool = True
    branches: tuple[BranchRow, ...] = ()
    variables: tuple[ValueRow, ...] = ()
    span: str = "1"
    status: str = "200"

    @property
    def title(self) -> str:
        """What the kind is called."""
        return KINDS[self.kind].title

    @property
    def is_call(self) -> bool:
        """Whether the module makes a request as somebody."""
        return self.kind in CALLS

    @property
    def has_pages(self) -> bool:
        """Whether pagination is offered, or is there already."""
        return self.kind == MakeRequest.kind or bool(self.call.settings.page_type)

    def on_error(self) -> OnError:
        """What happens when the module fails.

        Raises:
            InvalidInput: A field is wrong; names its label.
        """
        attempts = self.attempts.strip()
        if not (attempts.isascii() and attempts.isdecimal() and 1 <= int(attempts[:9]) <= 1000):
            raise InvalidInput(
                f"“{attempts[:20]}” is not a whole number from 1 to 1000.", field="Tries"
            )
        return OnError(
            action=Action(self.action),
            fallback=read_json(self.fallback, "Fallback"),
            after=parse_span(self.after, field="After"),
            attempts=int(attempts),
        )


class Typed:
    """What a browser sent, by the names of inputs."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        self.data = FormData([(name, value) for name, value in pairs if isinstance(value, str)])

    def one(self, name: str, usual: str = "") -> str:
        """The value of an input; ``usual`` when it was not sent. Lines end as people mean them."""
        return str(self.data.get(name, usual)).replace("\r\n", "\n")

    def all(self, name: str) -> list[str]:
        """The values of all inputs of a name."""
        return [str(each).replace("\r\n", "\n") for each in self.data.getlist(name)]

    def rows(self, *names: str) -> list[tuple[str, ...]]:
        """Rows of inputs; those with nothing in them are left out."""
        rows = zip(*(self.all(each) for each in names), strict=False)
        return [each for each in rows if any(each)]

    def pairs(self, name: str) -> Pairs:
        """Rows of names and values."""
        return tuple((key, value) for key, value in self.rows(f"{name}_key", f"{name}_value"))

    def member(self, name: str, words: Sequence[str], usual: str) -> str:
        """One of ``words``."""
        typed = self.one(name)
        return typed if typed in words else usual


async def module_form_of(pairs: Sequence[tuple[str, Any]], kind: str, number: int) -> ModuleForm:
    """The form that a browser sent for a module of ``kind``."""
    typed = Typed(pairs)
    version = typed.one("version")
    return ModuleForm(
        kind=kind,
        number=number,
        place=typed.one("place"),
        version=int(version) if version.isdecimal() else 0,
        name=typed.one("module_name").strip(),
        note=typed.one("note"),
        when=typed.one("when"),
        is_enabled=typed.one("enabled", "") == "on",
        action=typed.member("action", list(Action), Action.STOP.value),
        fallback=typed.one("fallback"),
        after=typed.one("after", span_words(USUAL.after)),
        attempts=typed.one("attempts", str(USUAL.attempts)),
        call=await _call_of(typed),
        share_cookies=bool(typed.one("share_cookies")),
        beside=typed.one("beside"),
        folder=typed.one("folder"),
        file_name=typed.one("file_name"),
        overwrite=bool(typed.one("overwrite")),
        items=typed.one("items"),
        source=typed.one("source"),
        collect=typed.member("collect", list(Collect), Collect.ARRAY.value),
        value=ValueRow("", typed.one("value_kind", ValueKind.TEXT), typed.one("value")),
        separator=_unescaped(typed.one("separator")),
        columns=typed.pairs("column"),
        header=bool(typed.one("column_names")),
        branches=tuple(
            BranchRow(*each)
            for each in zip(
                *(typed.all(f"branch_{name}") for name in ("at", "name", "goes", "when")),
                strict=False,
            )
            if each[0] or each[1] or each[3]
        ),
        variables=tuple(
            ValueRow(*each)
            for each in zip(
                *(typed.all(f"variable_{name}") for name in ("name", "kind", "value")),
                strict=False,
            )
            if each[0] or each[2]
        ),
        span=typed.one("span", "1"),
        status=typed.one("status", "200"),
    )


def value_of(row: ValueRow, label: str) -> Any:
    """The value that is typed in ``row``; raises ``InvalidInput``."""
    if row.kind == ValueKind.NONE:
        return None
    return row.text if row.kind == ValueKind.TEXT else read_json(row.text, label)


def value_row(name: str, value: Any) -> ValueRow:
    """``value`` as it is typed: a text as it is, anything else as JSON."""
    if value is None:
        return ValueRow(name, ValueKind.NONE)
    if isinstance(value, str):
        return ValueRow(name, ValueKind.TEXT, value)
    return ValueRow(name, ValueKind.JSON, json_text(value))


def escaped(text: str) -> str:
    """A separator in one line: line breaks and tabs as a backslash with n or t."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _unescaped(text: str) -> str:
    words = {"n": "\n", "t": "\t", "\\": "\\"}
    out, at = "", 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in words and at + 1 < len(text):
            out, at = out + words[text[at + 1]], at + 2
        else:
            out, at = out + text[at], at + 1
    return out


async def _call_of(typed: Typed) -> RequestForm:
    form = await form_from(typed.data, _no_file, _refuse_file)
    settings = form.settings
    if "timeout" not in typed.data:  # a kind that has no settings
        settings = RequestSettings()
    parts = zip(
        *(typed.all(f"part_{name}") for name in ("name", "value", "filename", "type")),
        strict=False,
    )
    return replace(
        form,
        query=typed.pairs("query"),
        headers=typed.pairs("header"),
        fields=typed.pairs("field"),
        url=typed.one("url"),
        parts=tuple(
            FormPart(name=name, text=value, filename=filename, media_type=media_type or None)
            for name, value, filename, media_type in parts
            if name or value or filename
        ),
        file_name=typed.one("body_file"),
        file_type=typed.one("body_type"),
        settings=settings,
    )


def _no_file(_digest: str) -> KeptFile | None:
    return None


async def _refuse_file(_upload: UploadFile) -> KeptFile:
    raise InvalidInput("A module takes its files from other modules.", field="File")
