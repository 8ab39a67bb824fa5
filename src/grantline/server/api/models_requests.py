"""Requests and credentials as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from grantline.calls.credential import is_credential_parameter
from grantline.calls.request import Content, form_content, json_content
from grantline.connections.credentials import (
    BasicCredential,
    KeyCredential,
    KeyPlacement,
    RequestCredential,
)
from grantline.connections.redaction import Redactor
from grantline.connections.saved_requests import RequestSummary, SavedRequest
from grantline.secret import REDACTED, Secret
from grantline.server.api.fields import (
    Base64,
    Flag,
    Given,
    Json,
    Pair,
    Shown,
    Typed,
    Version,
    WrittenOnly,
    body_view,
    pairs_of,
)

TEXT_TYPE: Final = "text/plain; charset=utf-8"
BINARY_TYPE: Final = "application/octet-stream"
BODIES: Final = frozenset({"json_value", "form", "text", "base64"})
_SPEC_FIELDS: Final = frozenset(
    {"method", "url", "headers", "query", "content", "follow_redirects", "timeout_s"}
)
_NULLABLE: Final = frozenset({"content", "timeout_s"})

Method = Annotated[str, Field(max_length=40, examples=["GET"])]
Url = Annotated[Typed, Field(max_length=65536, examples=["/orders"])]
Timeout = Annotated[float, Field(strict=True, ge=1, le=300)]
Pairs = Annotated[list[Pair], Field(max_length=1000)]
Hosts = Annotated[list[str], Field(max_length=100)]


class ContentGiven(Given):
    """A body: exactly one of json, form, text and base64."""

    json_value: Annotated[Json, Field(alias="json")] = None
    form: Pairs | None = None
    text: Typed | None = None
    base64: Base64 | None = None
    media_type: Annotated[str, Field(max_length=1000)] | None = None
    """Of text and base64; plain text or any bytes by default."""

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        given = self.model_fields_set & BODIES
        if len(given) != 1 or (given <= {"json_value", "form"} and self.media_type is not None):
            msg = "give one of json, form, text and base64; a media type goes with the last two"
            raise ValueError(msg)
        return self


class KeyCredentialGiven(Given):
    """An API key of the service."""

    kind: Literal["key"]
    name: Annotated[str, Field(max_length=1000, examples=["X-Api-Key"])]
    """Of the header or the query parameter."""
    value: WrittenOnly | None = None
    """The whole value. In an edit, nothing keeps the one that is stored."""
    placement: KeyPlacement = KeyPlacement.HEADER
    hosts: Hosts = Field(default_factory=list)
    """Where it may go; the host of the URL by default."""


class BasicCredentialGiven(Given):
    """A user name and password (RFC 7617)."""

    kind: Literal["basic"]
    username: Annotated[str, Field(max_length=1000)]
    password: WrittenOnly | None = None
    """In an edit, nothing keeps the one that is stored."""
    hosts: Hosts = Field(default_factory=list)


CredentialGiven = Annotated[KeyCredentialGiven | BasicCredentialGiven, Field(discriminator="kind")]


class RequestGiven(Given):
    """A request. With a connection the URL may be relative to its base URL."""

    method: Method = "GET"
    url: Url
    headers: Pairs = Field(default_factory=list)
    query: Pairs = Field(default_factory=list)
    content: ContentGiven | None = None
    follow_redirects: Flag = True
    timeout_s: Timeout | None = None
    """For the whole exchange; the transport's own limit by default."""
    connection: str | None = None
    """Name or id of the connection whose token the request carries."""
    credential: CredentialGiven | None = None
    """What it carries instead."""


class OneOffGiven(RequestGiven):
    """A request to make now."""

    record: Flag = True
    """Whether it goes into the history."""


class NewRequestGiven(RequestGiven):
    """A request to keep under a name."""

    name: Annotated[str, Field(max_length=200, examples=["open orders"])]


class RequestEdited(Given):
    """What to change; what is left out stays as it is."""

    name: Annotated[str, Field(max_length=200)] | None = None
    method: Method | None = None
    url: Url | None = None
    headers: Pairs | None = None
    query: Pairs | None = None
    content: ContentGiven | None = None
    """Null removes it."""
    follow_redirects: Flag | None = None
    timeout_s: Timeout | None = None
    """Null removes it."""
    connection: str | None = None
    """Null removes it."""
    credential: CredentialGiven | None = None
    """Null removes it."""
    version: Version | None = None
    """The version that the edit was made against; or send If-Match."""


class SummaryShown(Shown):
    """A saved request in a list; its URL without the query."""

    id: str
    name: str
    owner: str
    method: str
    url: str
    connection_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class ContentShown(Shown):
    """A body: as text, or as base64 when it is none."""

    media_type: str
    size_bytes: int
    body: str | None
    body_base64: str | None


class KeyCredentialShown(Shown):
    """An API key of the service, without its value."""

    kind: Literal["key"]
    name: str
    placement: KeyPlacement
    hosts: list[str]


class BasicCredentialShown(Shown):
    """A user name; the password is not shown."""

    kind: Literal["basic"]
    username: str
    hosts: list[str]


CredentialShown = Annotated[KeyCredentialShown | BasicCredentialShown, Field(discriminator="kind")]


class SavedRequestShown(SummaryShown):
    """A saved request. Values of headers and parameters that carry credentials are masked."""

    headers: list[tuple[str, str]]
    query: list[tuple[str, str]]
    content: ContentShown | None
    follow_redirects: bool
    timeout_s: float | None
    credential: CredentialShown | None


def spec_fields(given: RequestGiven | RequestEdited) -> dict[str, Any]:
    """The fields of ``RequestSpec`` that were given."""
    found = {
        name: getattr(given, name)
        for name in given.model_fields_set & _SPEC_FIELDS
        if name in _NULLABLE or getattr(given, name) is not None
    }
    if "method" in found:
        found["method"] = found["method"].upper()
    for name in found.keys() & {"headers", "query"}:
        found[name] = pairs_of(found[name])
    if found.get("content") is not None:
        found["content"] = _content_from(found["content"])
    if "timeout_s" in found:
        seconds = found.pop("timeout_s")
        found["timeout"] = None if seconds is None else timedelta(seconds=seconds)
    return found


def credential_from(given: KeyCredentialGiven | BasicCredentialGiven) -> RequestCredential:
    """The credential as the engine takes it; an empty secret keeps what is stored."""
    hosts = tuple(given.hosts)
    if isinstance(given, BasicCredentialGiven):
        password = given.password.get_secret_value() if given.password else ""
        return BasicCredential(username=given.username, password=Secret(password), hosts=hosts)
    value = given.value.get_secret_value() if given.value else ""
    return KeyCredential(
        name=given.name, value=Secret(value), placement=given.placement, hosts=hosts
    )


def summary_view(found: RequestSummary | SavedRequest) -> dict[str, Any]:
    """The fields of ``SummaryShown``."""
    if isinstance(found, RequestSummary):
        return {name: getattr(found, name) for name in SummaryShown.model_fields}
    own = set(SummaryShown.model_fields) - {"method", "url"}
    plain = {name: getattr(found, name) for name in own}
    return {**plain, "method": found.spec.method, "url": found.spec.url}


def saved_view(found: SavedRequest) -> dict[str, Any]:
    """The fields of ``SavedRequestShown``."""
    spec, by_name = found.spec, Redactor(())
    return {
        **summary_view(found),
        "url": by_name.url(spec.url),
        "headers": by_name.headers(spec.headers),
        "query": [
            (name, REDACTED if is_credential_parameter(name) else value)
            for name, value in spec.query
        ],
        "content": _content_view(spec.content),
        "follow_redirects": spec.follow_redirects,
        "timeout_s": spec.timeout.total_seconds() if spec.timeout else None,
        "credential": _credential_view(found.credential),
    }


def _content_view(content: Content | None) -> dict[str, Any] | None:
    if content is None:
        return None
    size = len(content.data)
    return {"media_type": content.media_type, "size_bytes": size, **body_view(content.data)}


def _credential_view(credential: RequestCredential | None) -> dict[str, Any] | None:
    match credential:
        case None:
            return None
        case BasicCredential(username=username, hosts=hosts):
            return {"kind": "basic", "username": username, "hosts": hosts}
        case KeyCredential(name=name, placement=placement, hosts=hosts):
            return {"kind": "key", "name": name, "placement": placement, "hosts": hosts}


def _content_from(given: ContentGiven) -> Content:
    if given.form is not None:
        return form_content(pairs_of(given.form))
    if given.text is not None:
        return Content(given.text.encode(), given.media_type or TEXT_TYPE)
    if given.base64 is not None:
        return Content(given.base64, given.media_type or BINARY_TYPE)
    return json_content(given.json_value)
