"""What Grantline asks of a database. SQLite and PostgreSQL pass the same contract tests.

Methods are synchronous and short; ``connections`` runs them in worker threads, so a cancelled
caller never leaves a transaction half done.

Laws, cited by number in ``tests/contracts/test_store.py``:

1. A method is one transaction: all of it is there afterwards, or nothing.
2. A row of another workspace does not exist: the answer is the same as for an unknown id.
3. ``ConnectionNotFound``, ``AppNotFound`` and, for other rows, ``NotFound`` come for what is not
   there, ``NameTaken`` for a second row of one name, ``StoreBusy`` when the database cannot be
   had, ``ConfigurationError`` when an operator must act (disk full, read-only, damaged); no
   driver's exception leaves.
4. An edit carries the version it was made against; a different one raises ``ConnectionChanged``.
5. At most one lease per connection lives at a time, by the database's own clock, unless its holder
   is known to be gone; every lease has a larger number than the one before.
6. ``save_refreshed`` writes only while the generation is the one refreshed and the lease number is
   the holder's; otherwise it writes nothing and says False.
7. ``take_pending`` marks the row used in the same statement that finds it unused: of any number of
   callers one sees ``used_at`` None.
8. A deleted connection stays deleted: no save, lease or state change brings it back.
9. Events are never changed or removed.
10. At most one key is primary, and one becomes primary only in place of the one its caller knew.
11. Of any number of callers of ``add_first_user`` one succeeds, ever.
12. A session that expired, an API key that was revoked, and either of a disabled user are not
    found.
13. Saved requests, scenarios and runs outlive what they name; transcripts do not.
14. No key is forgotten while it is primary, or while anything is sealed under it.
15. ``replace_sealed`` writes over the very value it was given, and over no other.
16. At most ``at_once`` seats of a connection that has a limit are taken at a time, by the clock of
    the database; who waits for one takes it before those that came later.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from grantline.store.protocol.audit import AuditStore
from grantline.store.protocol.connections import ConnectionStore
from grantline.store.protocol.credentials import CredentialStore
from grantline.store.protocol.keys import KeyStore
from grantline.store.protocol.notices import NoticeStore
from grantline.store.protocol.people import PeopleStore
from grantline.store.protocol.renewal import RenewalStore
from grantline.store.protocol.requests import RequestStore
from grantline.store.protocol.runs import RunStore
from grantline.store.protocol.scenarios import ScenarioStore
from grantline.store.protocol.seats import SeatStore
from grantline.store.records.connections import ConnectionRecord
from grantline.store.records.keys import Instance
from grantline.store.records.page import Page
from grantline.store.snapshot import Snapshot


class Store(
    ConnectionStore,
    RenewalStore,
    PeopleStore,
    CredentialStore,
    RequestStore,
    ScenarioStore,
    RunStore,
    SeatStore,
    NoticeStore,
    AuditStore,
    KeyStore,
    Protocol,
):
    """State that outlives the process."""

    def now(self) -> datetime:
        """The database's clock."""
        ...

    def close(self) -> None:
        """Ends every connection to the database."""
        ...

    # housekeeping
    def purge(self, *, ended: datetime, made: datetime, ran: datetime, said: datetime) -> int:
        """Drops what nobody needs any more; gives the count.

        Pending authorizations, sessions and closed attempts that ended before ``ended``, runs made
        before ``made``, runs of scenarios that ended before ``ran``, with their steps, and lines of
        transcripts said before ``said``. Events stay (law 9).
        """
        ...

    # the whole database
    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """The database as it is now, whatever others write until the end of the block."""
        ...

    # the database among its copies
    def instance(self) -> Instance:
        """What this database remembers of itself."""
        ...

    def place(self) -> str:
        """Where this database is, told by what a copy of it would not share; empty in memory."""
        ...

    def ended_by(self, instant: datetime, limit: int) -> Page[ConnectionRecord]:
        """Connections whose access token ended by then, and which have a refresh token, by name."""
        ...

    def settle(self, place: str, name: str) -> None:
        """Notes that this is the only copy, that it is at ``place``, and what it is called."""
        ...
