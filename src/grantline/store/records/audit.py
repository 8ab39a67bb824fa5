"""What was done, and what was said to authorization servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the append-only audit: who did what to which connection, and when."""

    id: str
    workspace: str
    at: datetime
    actor: str
    kind: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptLine:
    """One exchange with an authorization server about one connection, masked and then sealed.

    Attributes:
        step: What the exchange was for, such as ``token`` or ``refresh``.
    """

    id: str
    workspace: str
    connection_id: str
    at: datetime
    step: str
    sealed_exchange: str
