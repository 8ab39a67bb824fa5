"""What happens around a request, as the API takes and shows it: retries, failures, pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from grantline.calls.attempts.attempt import Attempt
from grantline.calls.attempts.retry import IDEMPOTENT, Reason, RetryPolicy
from grantline.calls.pagination import MAX_PAGES, Pagination, PaginationType, ParameterPlace
from grantline.server.api.fields import Given, Shown

_USUAL = RetryPolicy()

StatusWord = Annotated[str, Field(max_length=10, examples=["4xx"])]
Statuses = Annotated[list[StatusWord], Field(max_length=50)]
Place = Annotated[str, Field(max_length=500)]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Wait = Annotated[float, Field(strict=True, ge=0, le=3600)]


class RetryGiven(Given):
    """When a request is sent again."""

    attempts: Annotated[int, Field(strict=True, ge=1, le=21)] = _USUAL.attempts
    """How often it is sent at most."""
    within_s: Annotated[float, Field(strict=True, ge=1, le=3600)] = _USUAL.within.total_seconds()
    """How long all of it may take, waiting included."""
    methods: list[Annotated[str, Field(max_length=40)]] = Field(
        default_factory=lambda: list(IDEMPOTENT), max_length=20
    )
    """Those that may be sent twice. What was not sent at all may be, whatever its method."""
    statuses: Statuses = Field(default_factory=lambda: list(_USUAL.statuses))
    """Answers after which it is sent again; a class leaves out what would be the same again."""
    first_wait_s: Wait = _USUAL.first_wait.total_seconds()
    longest_wait_s: Wait = _USUAL.longest_wait.total_seconds()


class PaginationGiven(Given):
    """How a list comes in pages. A place is a path, or a header as `header:X-Total-Count`."""

    type: PaginationType
    items: Place = ""
    """Path of the list; empty finds the only one there is."""
    parameter: Place = ""
    """Name of the offset, page or token; the usual one when empty."""
    place: ParameterPlace = ParameterPlace.QUERY
    start: Annotated[int, Field(strict=True, ge=0, le=2**53)] | None = None
    size: Count | None = None
    size_parameter: Place = ""
    next: Place = ""
    """Place of the next URL or token; for URLs, empty is the Link header."""
    total: Place = ""
    total_pages: Place = ""
    more: Place = ""
    max_pages: Count = MAX_PAGES


class RetryShown(Shown):
    """When a request is sent again."""

    attempts: int
    within_s: float
    methods: list[str]
    statuses: list[str]
    first_wait_s: float
    longest_wait_s: float


class PaginationShown(Shown):
    """How a list comes in pages."""

    type: PaginationType
    items: str
    parameter: str
    place: ParameterPlace
    start: int | None
    size: int | None
    size_parameter: str
    next: str
    total: str
    total_pages: str
    more: str
    max_pages: int


class AttemptShown(Shown):
    """One sending of a request."""

    at: datetime
    waited_s: float
    """How long it waited before, for the service's limit or for its turn."""
    elapsed_s: float
    status: int | None
    error_code: str
    reason: Reason
    """Why there was another one, or why it was the last."""


class FailureShown(Shown):
    """Why an answer counts as an error."""

    code: str
    message: str
    service_message: str
    """What the service itself says; empty when nothing of the kind was found."""
    hint: str


def retry_from(given: RetryGiven | None) -> RetryPolicy | None:
    """The policy as the engine takes it."""
    if given is None:
        return None
    return RetryPolicy(
        attempts=given.attempts,
        within=timedelta(seconds=given.within_s),
        methods=tuple(method.upper() for method in given.methods),
        statuses=tuple(given.statuses),
        first_wait=timedelta(seconds=given.first_wait_s),
        longest_wait=timedelta(seconds=given.longest_wait_s),
    )


def retry_view(policy: RetryPolicy | None) -> dict[str, Any] | None:
    """The fields of ``RetryShown``."""
    if policy is None:
        return None
    return {
        "attempts": policy.attempts,
        "within_s": policy.within.total_seconds(),
        "methods": policy.methods,
        "statuses": policy.statuses,
        "first_wait_s": policy.first_wait.total_seconds(),
        "longest_wait_s": policy.longest_wait.total_seconds(),
    }


def pagination_from(given: PaginationGiven | None) -> Pagination | None:
    """The pagination as the engine takes it."""
    return None if given is None else Pagination(**given.model_dump())


def pagination_view(pagination: Pagination | None) -> dict[str, Any] | None:
    """The fields of ``PaginationShown``."""
    return None if pagination is None else asdict(pagination)


def attempts_view(attempts: Iterable[Attempt]) -> list[dict[str, Any]]:
    """The fields of ``AttemptShown``, for each."""
    return [
        {
            "at": each.at.isoformat().replace("+00:00", "Z"),
            "waited_s": each.waited.total_seconds(),
            "elapsed_s": each.elapsed.total_seconds(),
            "status": each.status,
            "error_code": each.error_code,
            "reason": each.reason.value,
        }
        for each in attempts
    ]
