"""Requests as the API takes and shows them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from grantline.calls.bodies.content import Content, form_content, json_content
from grantline.calls.bodies.multipart import BINARY_TYPE, Part, file_part, multipart_content
from grantline.calls.credential import is_credential_parameter
from grantline.calls.query import ArrayStyle
from grantline.calls.statuses import ERROR_STATUSES, parse_statuses
from grantline.connections.credentials.credential import PLACES
from grantline.connections.requests.redaction import Redactor
from grantline.connections.requests.saved_requests import RequestSummary, SavedRequest
from grantline.messages import AddressFamily, TlsVersion
from grantline.secret import REDACTED
from grantline.server.api.fields import (
    Base64,
    Flag,
    Given,
    Json,
    Pair,
    Shown,
    Typed,
    Version,
    body_view,
    pairs_of,
)
from grantline.server.api.requests.models_calls import (
    PaginationGiven,
    PaginationShown,
    RetryGiven,
    RetryShown,
    Statuses,
    pagination_from,
    pagination_view,
    retry_from,
    retry_view,
)

TEXT_TYPE: Final = "text/plain; charset=utf-8"
BODIES: Final = frozenset({"json_value", "form", "multipart", "text", "base64"})
_SPEC_FIELDS: Final = frozenset(
    {
        *("method", "url", "headers", "query", "array_style", "content", "compress"),
        *("accept_compressed", "follow_redirects", "timeout_s", "connect_timeout_s"),
        *("minimum_tls", "address_family", "parse_response", "fail_on", "retry", "pagination"),
    }
)
_CREDENTIALS: Final = frozenset(place.removesuffix("_id") for place in PLACES)
_AS_THEY_ARE: Final = (
    *("array_style", "compress", "accept_compressed", "follow_redirects", "minimum_tls"),
    *("address_family", "parse_response", "fail_on"),
)
_SPANS: Final = ("timeout_s", "connect_timeout_s")
_NULLABLE: Final = frozenset({"content", "retry", "pagination", *_SPANS})

Method = Annotated[str, Field(max_length=40, examples=["GET"])]
Url = Annotated[Typed, Field(max_length=65536, examples=["/orders"])]
Timeout = Annotated[float, Field(strict=True, ge=1, le=300)]
Pairs = Annotated[list[Pair], Field(max_length=1000)]


class PartGiven(Given):
    """A field of a multipart form: a text or a file."""

    name: Annotated[Typed, Field(max_length=1000)]
    text: Typed | None = None
    base64: Base64 | None = None
    """Instead of text."""
    filename: Annotated[str, Field(max_length=1000)] | None = None
    """Makes the field a file."""
    media_type: Annotated[str, Field(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if (self.text is None) == (self.base64 is None):
            msg = "give one of text and base64"
            raise ValueError(msg)
        return self


class ContentGiven(Given):
    """A body: exactly one of json, form, multipart, text and base64."""

    json_value: Annotated[Json, Field(alias="json")] = None
    form: Pairs | None = None
    multipart: Annotated[list[PartGiven], Field(max_length=1000)] | None = None
    text: Typed | None = None
    base64: Base64 | None = None
    media_type: Annotated[str, Field(max_length=1000)] | None = None
    """Of text and base64; plain text or any bytes by default."""

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        given = self.model_fields_set & BODIES
        typed = given <= {"text", "base64"}
        if len(given) != 1 or (not typed and self.media_type is not None):
            msg = (
                "give one of json, form, multipart, text and base64; a media type goes with the "
                "last two"
            )
            raise ValueError(msg)
        return self


class RequestGiven(Given):
    """A request. With a connection the URL may be relative to its base URL."""

    method: Method = "GET"
    url: Url
    headers: Pairs = Field(default_factory=list)
    query: Pairs = Field(default_factory=list)
    array_style: ArrayStyle = ArrayStyle.REPEAT
    """How a name that the query has several times is written."""
    content: ContentGiven | None = None
    compress: Flag = False
    """Sends the body in gzip coding."""
    accept_compressed: Flag = True
    follow_redirects: Flag = True
    timeout_s: Timeout | None = None
    """For the whole exchange; the transport's own limit by default."""
    connect_timeout_s: Timeout | None = None
    """For reaching the service."""
    minimum_tls: TlsVersion = TlsVersion.TLS_1_2
    address_family: AddressFamily = AddressFamily.ANY
    parse_response: Flag = True
    """Whether the answer has `data`."""
    fail_on: Statuses = Field(default_factory=lambda: list(ERROR_STATUSES))
    """Statuses that make an error of the answer."""
    retry: RetryGiven | None = None
    pagination: PaginationGiven | None = None
    """Followed by `/requests/page`; what the catalogue knows of the service by default."""
    connection: str | None = None
    """Name or id of the connection whose token the request carries."""
    credential: str | None = None
    """Name or id of the credential it carries instead: an API key, or a user name and password."""
    certificate: str | None = None
    """Name or id of the credential whose client certificate it shows."""
    authority: str | None = None
    """Name or id of the credential whose certificate authorities it trusts as well."""
    proxy: str | None = None
    """Name or id of the credential whose proxy it goes through."""


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
    array_style: ArrayStyle | None = None
    content: ContentGiven | None = None
    """Null removes it."""
    compress: Flag | None = None
    accept_compressed: Flag | None = None
    follow_redirects: Flag | None = None
    timeout_s: Timeout | None = None
    """Null removes it."""
    connect_timeout_s: Timeout | None = None
    """Null removes it."""
    minimum_tls: TlsVersion | None = None
    address_family: AddressFamily | None = None
    parse_response: Flag | None = None
    fail_on: Statuses | None = None
    retry: RetryGiven | None = None
    """Null removes it."""
    pagination: PaginationGiven | None = None
    """Null removes it."""
    connection: str | None = None
    """Null removes it."""
    credential: str | None = None
    """Null removes it."""
    certificate: str | None = None
    """Null removes it."""
    authority: str | None = None
    """Null removes it."""
    proxy: str | None = None
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
    credential_id: str | None
    certificate_id: str | None
    authority_id: str | None
    proxy_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class ContentShown(Shown):
    """A body: as text, or as base64 when it is none."""

    media_type: str
    size_bytes: int
    body: str | None
    body_base64: str | None


class SavedRequestShown(SummaryShown):
    """A saved request. Values of headers and parameters that carry credentials are masked."""

    headers: list[tuple[str, str]]
    query: list[tuple[str, str]]
    array_style: ArrayStyle
    content: ContentShown | None
    compress: bool
    accept_compressed: bool
    follow_redirects: bool
    timeout_s: float | None
    connect_timeout_s: float | None
    minimum_tls: TlsVersion
    address_family: AddressFamily
    parse_response: bool
    fail_on: list[str]
    retry: RetryShown | None
    pagination: PaginationShown | None


def spec_fields(given: RequestGiven | RequestEdited) -> dict[str, Any]:
    """The fields of ``RequestSpec`` that were given."""
    names = given.model_fields_set & _SPEC_FIELDS
    if isinstance(given, RequestGiven):
        names |= {"fail_on"}  # an error is an error unless somebody says that it is none
    found = {
        name: getattr(given, name)
        for name in names
        if name in _NULLABLE or getattr(given, name) is not None
    }
    if "method" in found:
        found["method"] = found["method"].upper()
    for name in found.keys() & {"headers", "query"}:
        found[name] = pairs_of(found[name])
    if found.get("content") is not None:
        found["content"] = _content_from(found["content"])
    for name in found.keys() & _SPANS:
        seconds = found.pop(name)
        span = None if seconds is None else timedelta(seconds=seconds)
        found[name.removesuffix("_s")] = span
    if "fail_on" in found:
        found["fail_on"] = parse_statuses(found["fail_on"], field="fail_on")
    if "retry" in found:
        found["retry"] = retry_from(found["retry"])
    if "pagination" in found:
        found["pagination"] = pagination_from(found["pagination"])
    return found


def credential_names(given: RequestGiven | RequestEdited) -> dict[str, str | None]:
    """The credentials that were named, each by its place."""
    return {name: getattr(given, name) for name in given.model_fields_set & _CREDENTIALS}


def summary_view(found: RequestSummary | SavedRequest) -> dict[str, Any]:
    """The fields of ``SummaryShown``."""
    asked = found if isinstance(found, RequestSummary) else found.spec
    own = set(SummaryShown.model_fields) - set(PLACES) - {"method", "url"}
    plain = {name: getattr(found, name) for name in own}
    return {**plain, **asdict(found.credentials), "method": asked.method, "url": asked.url}


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
        "timeout_s": spec.timeout.total_seconds() if spec.timeout else None,
        "connect_timeout_s": spec.connect_timeout.total_seconds() if spec.connect_timeout else None,
        "retry": retry_view(spec.retry),
        "pagination": pagination_view(spec.pagination),
        **{name: getattr(spec, name) for name in _AS_THEY_ARE},
    }


def _content_view(content: Content | None) -> dict[str, Any] | None:
    if content is None:
        return None
    size = len(content.data)
    return {"media_type": content.media_type, "size_bytes": size, **body_view(content.data)}


def _part(given: PartGiven) -> Part:
    data = given.base64 if given.text is None else given.text.encode()
    if given.filename is None:
        return Part(given.name, data or b"", media_type=given.media_type)
    return file_part(
        given.name, data or b"", filename=given.filename, media_type=given.media_type or BINARY_TYPE
    )


def _content_from(given: ContentGiven) -> Content:
    if given.multipart is not None:
        return multipart_content([_part(each) for each in given.multipart])
    if given.form is not None:
        return form_content(pairs_of(given.form))
    if given.text is not None:
        return Content(given.text.encode(), given.media_type or TEXT_TYPE)
    if given.base64 is not None:
        return Content(given.base64, given.media_type or BINARY_TYPE)
    return json_content(given.json_value)
