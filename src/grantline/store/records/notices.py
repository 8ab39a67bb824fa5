"""What people are told, as rows: who is told, what stands, what is still to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Subject(StrEnum):
    """What a notice is about."""

    CONNECTION = "connection"
    SCENARIO = "scenario"


class Channel(StrEnum):
    """How a notice goes out."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettingsRecord:
    """Who is told in a workspace.

    Attributes:
        by_mail: Whether anybody gets mail.
        by_webhook: Whether a program is told.
        sealed_recipients: Their addresses, and the secret that the webhook is signed with.
        version: Grows with every edit; 1 is the first.
    """

    workspace: str
    by_mail: bool
    by_webhook: bool
    version: int
    updated_at: datetime
    sealed_recipients: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A connection or scenario that is not as well as people were told, or is well again.

    Attributes:
        is_well: Whether it is well again.
        cause: A short stable name of why it is not: a connection's, or the error of a run.
        run_id: The run that says so, of a scenario.
        scenarios: The names of active scenarios that use a connection, the first few.
        channels: How the workspace is told.
    """

    workspace: str
    subject: Subject
    subject_id: str
    name: str
    is_well: bool
    cause: str = ""
    run_id: str = ""
    scenarios: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRecord:
    """One notice on its way to one channel.

    Attributes:
        content: What it says: names and states, never a secret and nothing of a bundle.
        due_at: Nobody sends it before.
        attempts: How often somebody has set out to send it.
    """

    id: str
    workspace: str
    channel: str
    content: Mapping[str, Any]
    created_at: datetime
    due_at: datetime
    attempts: int = 0
