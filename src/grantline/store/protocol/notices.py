"""What notices ask of a database: a part of ``Store``, whose laws it cites.

Further laws, cited in ``tests/contracts/test_store_of_notices.py``:

N1. A change is told once, whoever finds it and however many find it at once: what stands and what
    is to be sent change in one transaction.
N2. Of any number of callers one gets a notice that is due, and until its claim is over no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from grantline.store.records.audit import Event
from grantline.store.records.notices import Change, NoticeRecord, NoticeSettingsRecord


class NoticeStore(Protocol):
    """Who is told, what they were told, and what is still to be sent."""

    def load_notice_settings(self, workspace: str) -> NoticeSettingsRecord | None:
        """Who is told in a workspace; None before anybody said so."""
        ...

    def save_notice_settings(self, settings: NoticeSettingsRecord, event: Event) -> None:
        """Writes over version ``settings.version - 1`` (law 4); version 1 is the first."""
        ...

    def list_changes(self, limit: int) -> Sequence[Change]:
        """What is not as people were told, in any workspace; a part of it when there is much.

        A connection is not well once it wants its person, and well again once its token can be
        used. A scenario is as its latest run is that no person started by hand. What was deleted
        is no change.
        """
        ...

    def tell(self, change: Change, since: datetime, notices: Sequence[NoticeRecord]) -> bool:
        """Notes that a change is told, and puts its notices on their way; False when others did.

        Both in one transaction (N1).
        """
        ...

    def claim_notices(self, limit: int, span: timedelta) -> Sequence[NoticeRecord]:
        """Notices that are due, oldest first, for the caller alone (N2).

        They are due again after ``span``, in case the caller never gets to them.
        """
        ...

    def close_notice(self, notice_id: str, event: Event) -> None:
        """Drops a notice that was sent, or given up, and notes which; a missing one is nothing."""
        ...

    def postpone_notice(self, notice_id: str, span: timedelta) -> None:
        """Makes a notice due again after ``span``."""
        ...

    def forget_deleted(self) -> int:
        """Forgets what people were told of connections and scenarios that are gone."""
        ...
