"""Requests as the API takes and shows them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from grantline.calls.credential import is_credential_parameter
from grantline.calls.request import Content, form_content, json_content
from grantline.connections.credential import PLACES
from grantline.connections.redaction import Redactor
from grantline.connections.saved_requests import RequestSummary, SavedRequest
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

TEXT_TYPE: Final = "text/plain; charset=utf-8"
BINARY_TYPE: Final = "application/octet-stream"
BODIES: Final = frozenset({"json_value", "form", "text", "base64"})
_SPEC_FIELDS: Final = frozenset(
    {"method", "url", "headers", "query", "content", "follow_redirects", "timeout_s"}
)
_CREDENTIALS: Final = frozenset(place.removesuffix("_id") for place in PLACES)
_NULLABLE: Final = frozenset({"content", "timeout_s"})

Method = Annotated[str, Field(max_length=40, examples=["GET"])]
Url = Annotated[Typed, Field(max_length=65536, examples=["/orders"])]
Timeout = Annotated[float, Field(strict=True, ge=1, le=300)]
Pairs = Annotated[list[Pair], Field(max_length=1000)]


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
    content: ContentGiven | None = None
    """Null removes it."""
    follow_redirects: Flag | None = None
    timeout_s: Timeout | None = None
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
    content: ContentShown | None
    follow_redirects: bool
    timeout_s: float | None


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
        "follow_redirects": spec.follow_redirects,
        "timeout_s": spec.timeout.total_seconds() if spec.timeout else None,
    }


def _content_view(content: Content | None) -> dict[str, Any] | None:
    if content is None:
        return None
    size = len(content.data)
    return {"media_type": content.media_type, "size_bytes": size, **body_view(content.data)}


def _content_from(given: ContentGiven) -> Content:
    if given.form is not None:
        return form_content(pairs_of(given.form))
    if given.text is not None:
        return Content(given.text.encode(), given.media_type or TEXT_TYPE)
    if given.base64 is not None:
        return Content(given.base64, given.media_type or BINARY_TYPE)
    return json_content(given.json_value)
