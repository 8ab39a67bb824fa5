"""The modules of a scenario, each as a frozen value.

Every text marked *mapped* may hold expressions: ``{{ 1.data.items[0].id }}``. A text that is one
expression and nothing else gives the expression's own type.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final

from grantline.calls.query import Pairs
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import ERROR_STATUSES
from grantline.connections.credentials.credential import NO_CREDENTIALS, CredentialIds
from grantline.errors import InvalidInput

# JSON: text, number, bool, None, lists and string-keyed dicts of those; every text in it is mapped.
MappedJson = Any


class Action(StrEnum):
    """What becomes of the run when a module fails."""

    STOP = "stop"
    IGNORE = "ignore"  # this bundle ends here; the run goes on with the next one
    RETRY_LATER = "retry_later"
    FALLBACK = "fallback"  # goes on with a bundle that was written down for the case


@dataclass(frozen=True, slots=True, kw_only=True)
class OnError:
    """What happens when a module fails, after its own retries.

    Attributes:
        fallback: Mapped. The bundle that takes the place of the module's own.
        after: Before the first try again; doubles with each one, up to a day.
        attempts: How often it is tried again before the run fails.
    """

    action: Action = Action.STOP
    fallback: MappedJson = None
    after: timedelta = timedelta(minutes=10)
    attempts: int = 5


class BodyKind(StrEnum):
    """How a body is written."""

    NONE = "none"
    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"
    RAW = "raw"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a multipart body.

    Attributes:
        value: Mapped. A text, or a file of an earlier module: ``{{ 2.file }}``.
        filename: Mapped; empty takes the file's own.
        media_type: Empty takes the file's own.
    """

    name: str
    value: str = ""
    filename: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body with expressions in it. What belongs to another kind is refused.

    Attributes:
        json: Mapped, for ``JSON``. Texts stay inside their quotes whatever is filled in.
        fields: Mapped values, for ``FORM``.
        parts: For ``MULTIPART``.
        text: Mapped, for ``RAW``; for ``FILE`` the one expression that names the file.
        media_type: For ``RAW`` and ``FILE``; empty takes the file's own.
    """

    kind: BodyKind = BodyKind.NONE
    json: MappedJson = None
    fields: Pairs = ()
    parts: tuple[Part, ...] = ()
    text: str = ""
    media_type: str = ""

    def __post_init__(self) -> None:
        """Two bodies that a file writes in the same way must be equal."""
        mine = _BODY_FIELDS[self.kind]
        for name, empty in (("json", None), ("fields", ()), ("parts", ()), ("text", "")):
            if name not in mine and getattr(self, name) != empty:
                raise InvalidInput(f"A body of kind {self.kind} has no {name}.", field=name)
        if self.media_type and "text" not in mine:
            raise InvalidInput(
                f"A body of kind {self.kind} has its own media type.",
                field="media_type",
                hint="Set a Content-Type header instead.",
            )


_BODY_FIELDS: Final[dict[BodyKind, tuple[str, ...]]] = {
    BodyKind.NONE: (),
    BodyKind.JSON: ("json",),
    BodyKind.FORM: ("fields",),
    BodyKind.MULTIPART: ("parts",),
    BodyKind.RAW: ("text",),
    BodyKind.FILE: ("text",),
}
NO_BODY: Final = Body()
FAIL_ON: Final = ERROR_STATUSES


def request_of(url: str, **fields: Any) -> RequestSpec:
    """The request of a module: answers of 4xx and 5xx are errors, unless ``fail_on`` is given.

    A single request shows such an answer to a person; in a scenario the modules after it would go
    on with it.
    """
    return RequestSpec(url=url, **{"fail_on": FAIL_ON, **fields})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """What the four HTTP modules share: a request with expressions, and as whom it is made.

    Attributes:
        spec: URL, and values of headers and query, are mapped; ``content`` is None, see ``body``.
            ``spec.retry`` is the module's own retries with back-off.
        connection_id: Whose token it carries. The connection is never copied: an edit of it
            changes every module that names it.
        credentials: What it carries instead, or beside.
        share_cookies: Whether cookies of the run's other HTTP modules go along, and the other way.
    """

    spec: RequestSpec
    body: Body = NO_BODY
    connection_id: str | None = None
    credentials: CredentialIds = NO_CREDENTIALS
    share_cookies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeRequest:
    """Gives ``status``, ``headers``, ``data``, ``url``; with pagination ``data`` is all items."""

    kind: ClassVar[str] = "make_request"
    title: ClassVar[str] = "Make a request"
    call: HttpCall


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadFile:
    """Gives ``file`` (name, path, media_type, size, proof) and ``status``.

    Carried out again, it goes on where it broke off.

    Attributes:
        folder: Mapped. Below the folder for files of this installation; empty keeps the file only
            as long as the run.
        name: Mapped; empty takes the service's own name for it.
        overwrite: Whether a file of that name is replaced.
    """

    kind: ClassVar[str] = "download_file"
    title: ClassVar[str] = "Download a file"
    call: HttpCall
    folder: str = ""
    name: str = ""
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveUrl:
    """Gives ``url``, where the mapped ``url`` leads, and ``hops``."""

    kind: ClassVar[str] = "resolve_url"
    title: ClassVar[str] = "Resolve a URL"
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveHeaders:
    """Gives ``status``, ``url`` and ``headers`` of an answer whose body is not read."""

    kind: ClassVar[str] = "retrieve_headers"
    title: ClassVar[str] = "Retrieve headers"
    call: HttpCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Iterate:
    """Runs the modules after it once for each item, up to the aggregator that collects from it.

    Gives ``value``, ``index`` (from 1) and ``total`` for each.

    Attributes:
        items: Mapped: one expression, whose value is a list.
    """

    kind: ClassVar[str] = "iterator"
    title: ClassVar[str] = "Iterator"
    items: str


class Collect(StrEnum):
    """What an aggregator makes."""

    ARRAY = "array"
    TEXT = "text"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """Collects what came of each item of an iterator, and goes on once.

    Gives ``value`` (a list, or a text) and ``count``. Bundles that a filter stopped, or an error
    handler ignored, are left out.

    Attributes:
        source: The number of the iterator.
        value: Mapped: for an array what each item adds, for a text the text that it adds.
        separator: Between texts, or between the fields of a line.
        columns: For CSV: mapped values under their names, in order.
        header: Whether the names of columns are the first line.
    """

    kind: ClassVar[str] = "aggregator"
    title: ClassVar[str] = "Aggregator"
    source: int
    collect: Collect = Collect.ARRAY
    value: MappedJson = None
    separator: str = ""
    columns: Pairs = ()
    header: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One way that a router may take.

    Attributes:
        when: Mapped: one expression; empty always goes.
        is_fallback: Goes only when no other branch did.
    """

    name: str = ""
    when: str = ""
    is_fallback: bool = False
    modules: tuple[Module, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Goes every branch whose condition holds, one after the other, then what follows it."""

    kind: ClassVar[str] = "router"
    title: ClassVar[str] = "Router"
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetVariables:
    """Sets ``{{ vars.name }}`` for what follows, in this run.

    Attributes:
        variables: Names and mapped values, set in order.
    """

    kind: ClassVar[str] = "set_variables"
    title: ClassVar[str] = "Set variables"
    variables: tuple[tuple[str, MappedJson], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep:
    """Waits, also beyond the life of the process.

    Attributes:
        span: Mapped: seconds as a number, or a text such as ``5 min``.
    """

    kind: ClassVar[str] = "sleep"
    title: ClassVar[str] = "Sleep"
    span: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond:
    """Answers whoever called the webhook. The first one of a run counts.

    Attributes:
        status: Mapped: one number.
        headers: Mapped values.
        body: Of the kinds none, JSON, form and raw.
    """

    kind: ClassVar[str] = "respond"
    title: ClassVar[str] = "Respond"
    status: str = "200"
    headers: Pairs = ()
    body: Body = NO_BODY


Does = (
    MakeRequest
    | DownloadFile
    | ResolveUrl
    | RetrieveHeaders
    | Iterate
    | Aggregate
    | Router
    | SetVariables
    | Sleep
    | Respond
)
KINDS: Final[dict[str, type[Does]]] = {
    each.kind: each
    for each in (
        MakeRequest,
        DownloadFile,
        ResolveUrl,
        RetrieveHeaders,
        Iterate,
        Aggregate,
        Router,
        SetVariables,
        Sleep,
        Respond,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One step of a scenario.

    Attributes:
        id: The number that mappings call it by; unique in the scenario, and kept when modules move.
        does: What it does.
        name: What people call it; empty shows the title of its kind.
        when: Mapped: the filter before it, one expression; empty lets every bundle pass.
        is_enabled: One that is off is passed over; mapping from it is an error.
    """

    id: int
    does: Does
    name: str = ""
    note: str = ""
    when: str = ""
    is_enabled: bool = True
    on_error: OnError = field(default_factory=OnError)

    @property
    def label(self) -> str:
        """What lists call it."""
        return self.name or self.does.title

    @property
    def call(self) -> HttpCall | None:
        """The request of an HTTP module that makes one as somebody; None of all others."""
        return getattr(self.does, "call", None)
