"""What remembering asks of a database: a part of ``Store``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from grantline.store.records.audit import Event, TranscriptLine


class AuditStore(Protocol):
    """Events and transcripts."""

    # transcripts
    def add_transcript_line(self, line: TranscriptLine, at_most: int) -> None:
        """Adds a line, and drops the connection's oldest beyond ``at_most``.

        A line about a connection that is gone is dropped itself.
        """
        ...

    def list_transcript(self, workspace: str, connection_id: str) -> Sequence[TranscriptLine]:
        """Every line kept about a connection, oldest first."""
        ...

    # events
    def add_event(self, event: Event) -> None:
        """Adds one line to the audit."""
        ...

    def list_events(
        self, workspace: str, subject: str | None = None, limit: int = 100
    ) -> Sequence[Event]:
        """Newest first."""
        ...
