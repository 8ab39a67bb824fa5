"""A service as the catalogue describes it: what to fill a form with, and what to know about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from grantline.calls.service_rules import ServiceRules
from grantline.oauth.app.settings import FlowType


class Category(StrEnum):
    """What a service is for."""

    ACCOUNTING = "accounting"
    ADVERTISING = "advertising"
    ANALYTICS = "analytics"
    CALENDARS = "calendars"
    COMMERCE = "commerce"
    COMMUNICATION = "communication"
    CRM = "crm"
    DESIGN = "design"
    DEVELOPMENT = "development"
    DOCUMENTS = "documents"
    EDUCATION = "education"
    EMAIL = "email"
    FILES = "files"
    FINANCE = "finance"
    FITNESS = "fitness"
    FORMS = "forms"
    HEALTH = "health"
    HUMAN_RESOURCES = "human-resources"
    IDENTITY = "identity"
    MARKETING = "marketing"
    MEDIA = "media"
    PAYMENTS = "payments"
    PROJECTS = "projects"
    SALES = "sales"
    SIGNATURES = "signatures"
    SOCIAL = "social"
    SUPPORT = "support"
    TRAVEL = "travel"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """What people run into with this service.

    Attributes:
        what: What happens, as a person sees it.
        why: The reason, one sentence.
        next: What to do about it, one sentence.
        without_scope: It happens only when this scope is not asked for; empty for always.
        without_parameter: It happens only when the authorize URL lacks this parameter.
        ends_after_days: It is what happened when a grant ended so many days after consent.
    """

    what: str
    why: str
    next: str
    without_scope: str = ""
    without_parameter: str = ""
    ends_after_days: int = 0

    @property
    def is_conditional(self) -> bool:
        """Whether it depends on what is asked for."""
        return bool(self.without_scope or self.without_parameter)

    @property
    def is_about_renewal(self) -> bool:
        """Whether it tells why no refresh token comes."""
        return "refresh token" in f"{self.what} {self.why}"

    def is_open(self, scopes: Collection[str], parameters: Collection[str]) -> bool:
        """Whether one walks into it with these ``scopes`` and names of authorize ``parameters``."""
        return bool(
            (self.without_scope and self.without_scope not in scopes)
            or (self.without_parameter and self.without_parameter not in parameters)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One catalogue entry.

    Attributes:
        name: Its file's name, and what ``--provider`` takes.
        title: What the service calls itself.
        categories: What it is for; the first one counts most.
        settings: Fields of ``AppSettings`` in plain form, inputs and identity among them.
        flow: The flow type that a connection begins with.
        scopes: Every scope worth knowing, with one line about it.
        default_scopes: Those that most people start with.
        hosts: Where a token of this service may go; inputs in braces.
        console: Where one registers a client; inputs in braces.
        steps: How to get credentials there, one sentence a step.
        documentation: The pages that the entry was written from.
        checked: When they were last read; None when somebody wrote from what he knew of them.
        traps: What people run into.
        calls: How its API is called: retries, rate limits, pagination.
        based_on: The entry that this one adds to; empty for none.
    """

    name: str
    title: str
    categories: tuple[Category, ...]
    settings: Mapping[str, Any]
    flow: FlowType
    scopes: Mapping[str, str]
    default_scopes: tuple[str, ...]
    hosts: tuple[str, ...]
    console: str
    steps: tuple[str, ...]
    documentation: tuple[str, ...]
    checked: date | None
    traps: tuple[Trap, ...] = ()
    calls: ServiceRules = field(default_factory=ServiceRules)
    based_on: str = ""
