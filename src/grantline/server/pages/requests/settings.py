"""The folded settings of *Make a request*: as they are typed, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final, Self

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.pagination import (
    MAX_PAGES,
    Pagination,
    PaginationType,
    ParameterPlace,
    check_pagination,
)
from grantline.calls.query import ArrayStyle
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import ERROR_STATUSES, has_status, parse_statuses
from grantline.errors import InvalidInput
from grantline.messages import AddressFamily, TlsVersion

LONGEST_TIMEOUT: Final = 300
MOST_ATTEMPTS: Final = 10
_USUAL_RETRY: Final = RetryPolicy()
_SECONDS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")

ARRAY_STYLES: Final = (
    (ArrayStyle.REPEAT, "id=1&id=2"),
    (ArrayStyle.BRACKETS, "id[]=1&id[]=2"),
    (ArrayStyle.INDEXED, "id[0]=1&id[1]=2"),
    (ArrayStyle.COMMA, "id=1,2"),
)
TLS_VERSIONS: Final = ((TlsVersion.TLS_1_2, "TLS 1.2"), (TlsVersion.TLS_1_3, "TLS 1.3"))
FAMILIES: Final = (
    (AddressFamily.ANY, "IPv4 or IPv6"),
    (AddressFamily.IPV4, "IPv4 only"),
    (AddressFamily.IPV6, "IPv6 only"),
)
PAGINATION_TYPES: Final = (
    ("", "None: one request"),
    (PaginationType.OFFSET, "Offset: how many items to pass over"),
    (PaginationType.PAGE, "Page: the number of the page"),
    (PaginationType.TOKEN, "Token: a cursor that the answer names"),
    (PaginationType.URL, "URL: a link that the answer names"),
)
PLACES: Final = (
    (ParameterPlace.QUERY, "Query"),
    (ParameterPlace.HEADER, "Header"),
    (ParameterPlace.BODY, "Body"),
)
# Labels of fields that `check_pagination` names as the code does.
_LABELS: Final = {
    "items": "Items path",
    "next": "Next path",
    "total": "Total path",
    "total_pages": "Total pages path",
    "more": "More path",
    "parameter": "Parameter",
    "size_parameter": "Size parameter",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSettings:
    """What is typed, each field under the name of its input; defaults are what most requests want.

    Attributes:
        fail_on: Statuses, classes and ranges, with commas.
        compressed: Whether a compressed answer is asked for.
        compress: Whether the body is sent compressed.
        within: Seconds for all attempts together.
        page_type: Empty for one request.
    """

    parse_response: bool = True
    fail_on_status: bool = True
    fail_on: str = ", ".join(ERROR_STATUSES)
    follow_redirects: bool = True
    compressed: bool = True
    compress: bool = False
    array_style: str = ArrayStyle.REPEAT.value
    timeout: str = ""
    connect_timeout: str = ""
    minimum_tls: str = TlsVersion.TLS_1_2.value
    address_family: str = AddressFamily.ANY.value
    retries: bool = False
    retry_attempts: str = str(_USUAL_RETRY.attempts)
    retry_within: str = f"{_USUAL_RETRY.within.total_seconds():.0f}"
    retry_first_wait: str = f"{_USUAL_RETRY.first_wait.total_seconds():g}"
    retry_longest_wait: str = f"{_USUAL_RETRY.longest_wait.total_seconds():g}"
    retry_statuses: str = ", ".join(_USUAL_RETRY.statuses)
    retry_methods: str = ", ".join(_USUAL_RETRY.methods)
    page_type: str = ""
    page_items: str = ""
    page_parameter: str = ""
    page_place: str = ParameterPlace.QUERY.value
    page_start: str = ""
    page_size: str = ""
    page_size_parameter: str = ""
    page_next: str = ""
    page_total: str = ""
    page_total_pages: str = ""
    page_more: str = ""
    page_max: str = str(MAX_PAGES)

    @classmethod
    def typed(cls, texts: Mapping[str, str]) -> Self:
        """What a browser sent; an unticked box is not sent at all."""
        given: dict[str, Any] = {
            each.name: bool(texts.get(each.name))
            if isinstance(each.default, bool)
            else texts.get(each.name, each.default)
            for each in fields(cls)
        }
        return cls(**given)

    @classmethod
    def of(cls, spec: RequestSpec) -> Self:
        """The settings of a request that is there."""
        retry, pagination = spec.retry or _USUAL_RETRY, spec.pagination
        pages = {} if pagination is None else _page_texts(pagination)
        return cls(
            parse_response=spec.parse_response,
            fail_on_status=bool(spec.fail_on),
            fail_on=", ".join(spec.fail_on or ERROR_STATUSES),
            follow_redirects=spec.follow_redirects,
            compressed=spec.accept_compressed,
            compress=spec.compress,
            array_style=spec.array_style.value,
            timeout=_seconds_text(spec.timeout),
            connect_timeout=_seconds_text(spec.connect_timeout),
            minimum_tls=spec.minimum_tls.value,
            address_family=spec.address_family.value,
            retries=spec.retry is not None,
            retry_attempts=str(retry.attempts),
            retry_within=_seconds_text(retry.within),
            retry_first_wait=_seconds_text(retry.first_wait),
            retry_longest_wait=_seconds_text(retry.longest_wait),
            retry_statuses=", ".join(retry.statuses),
            retry_methods=", ".join(retry.methods),
            **pages,
        )

    @property
    def changed(self) -> int:
        """How many differ from what most requests want; pages have a count of their own."""
        usual = RequestSettings()
        return sum(
            getattr(self, each.name) != getattr(usual, each.name)
            for each in fields(self)
            if not each.name.startswith("page_")
        )

    def fails(self, status: int) -> bool:
        """Whether an answer with this status counts as an error."""
        return self.fail_on_status and has_status(self._fail_on(), status)

    def spec_fields(self) -> dict[str, Any]:
        """The fields of `RequestSpec` that are settings.

        Raises:
            InvalidInput: One is wrong; names its label.
        """
        return {
            "parse_response": self.parse_response,
            "fail_on": self._fail_on() if self.fail_on_status else (),
            "follow_redirects": self.follow_redirects,
            "accept_compressed": self.compressed,
            "compress": self.compress,
            "array_style": _member(ArrayStyle, self.array_style),
            "timeout": _seconds(self.timeout, "Timeout"),
            "connect_timeout": _seconds(self.connect_timeout, "Connect timeout"),
            "minimum_tls": _member(TlsVersion, self.minimum_tls),
            "address_family": _member(AddressFamily, self.address_family),
            "retry": self._retry() if self.retries else None,
            "pagination": self._pagination() if self.page_type else None,
        }

    def _fail_on(self) -> tuple[str, ...]:
        return parse_statuses(_words(self.fail_on), field="Error statuses") or ERROR_STATUSES

    def _retry(self) -> RetryPolicy:
        return RetryPolicy(
            attempts=_whole(self.retry_attempts, "Attempts", 2, MOST_ATTEMPTS),
            within=timedelta(seconds=_whole(self.retry_within, "Within", 1, 3600)),
            statuses=parse_statuses(_words(self.retry_statuses), field="Retried statuses"),
            methods=tuple(word.upper() for word in _words(self.retry_methods)),
            first_wait=_wait(self.retry_first_wait, "First wait"),
            longest_wait=_wait(self.retry_longest_wait, "Longest wait"),
        )

    def _pagination(self) -> Pagination:
        pagination = Pagination(
            type=_member(PaginationType, self.page_type),
            items=self.page_items.strip(),
            parameter=self.page_parameter.strip(),
            place=_member(ParameterPlace, self.page_place),
            start=_whole(self.page_start, "Start", 0, 10**9) if self.page_start.strip() else None,
            size=_whole(self.page_size, "Page size", 1, 10**6) if self.page_size.strip() else None,
            size_parameter=self.page_size_parameter.strip(),
            next=self.page_next.strip(),
            total=self.page_total.strip(),
            total_pages=self.page_total_pages.strip(),
            more=self.page_more.strip(),
            max_pages=_whole(self.page_max, "Pages at most", 1, 10**6),
        )
        try:
            return check_pagination(pagination)
        except InvalidInput as error:
            label = _LABELS.get(error.field, error.field)
            raise InvalidInput(error.message, field=label, hint=error.hint) from None


def _page_texts(pagination: Pagination) -> dict[str, str]:
    return {
        "page_type": pagination.type.value,
        "page_items": pagination.items,
        "page_parameter": pagination.parameter,
        "page_place": pagination.place.value,
        "page_start": "" if pagination.start is None else str(pagination.start),
        "page_size": "" if pagination.size is None else str(pagination.size),
        "page_size_parameter": pagination.size_parameter,
        "page_next": pagination.next,
        "page_total": pagination.total,
        "page_total_pages": pagination.total_pages,
        "page_more": pagination.more,
        "page_max": str(pagination.max_pages),
    }


def _seconds_text(span: timedelta | None) -> str:
    return "" if span is None else f"{span.total_seconds():g}"


def _seconds(text: str, label: str) -> timedelta | None:
    if not text.strip():
        return None
    word = text.strip()
    if not _SECONDS.fullmatch(word) or not 0 < float(word) <= LONGEST_TIMEOUT:
        raise InvalidInput(
            f"“{word[:20]}” is no number of seconds up to {LONGEST_TIMEOUT}.",
            field=label,
            hint="Empty leaves the usual limit.",
        )
    return timedelta(seconds=float(word))


def _wait(text: str, label: str) -> timedelta:
    span = _seconds(text, label)
    if span is None:
        raise InvalidInput("This is empty.", field=label, hint="Write a number of seconds.")
    return span


def _whole(text: str, label: str, least: int, most: int) -> int:
    word = text.strip()
    if not (word.isascii() and word.isdecimal() and len(word) < 12 and least <= int(word) <= most):
        raise InvalidInput(
            f"“{word[:20]}” is not a whole number from {least} to {most}.", field=label
        )
    return int(word)


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _member(kind: Any, text: str) -> Any:
    return next((each for each in kind if each.value == text), next(iter(kind)))
