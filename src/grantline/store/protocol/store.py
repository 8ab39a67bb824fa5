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

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from grantline.store.protocol.notices import NoticeStore
from grantline.store.protocol.renewal import RenewalStore
from grantline.store.protocol.runs import RunStore
from grantline.store.protocol.scenarios import ScenarioStore
from grantline.store.protocol.seats import SeatStore
from grantline.store.records.records import (
    Account,
    ApiKey,
    AppRecord,
    ConnectionRecord,
    CredentialRecord,
    Event,
    Glance,
    Health,
    Instance,
    KeyRecord,
    ListedConnection,
    ListedCredential,
    Page,
    PendingAuthorization,
    RunRecord,
    SavedRequestRecord,
    SealedColumn,
    SealedCount,
    SealedValue,
    Session,
    TranscriptLine,
    User,
)
from grantline.store.snapshot import Snapshot


class Store(RenewalStore, ScenarioStore, RunStore, SeatStore, NoticeStore, Protocol):
    """State that outlives the process."""

    def now(self) -> datetime:
        """The database's clock."""
        ...

    def close(self) -> None:
        """Ends every connection to the database."""
        ...

    # apps
    def add_app(self, app: AppRecord, event: Event) -> None:
        """Adds an app."""
        ...

    def load_app(self, workspace: str, app_id: str) -> AppRecord:
        """The app of this id."""
        ...

    def find_app(self, workspace: str, name: str) -> AppRecord:
        """The app of this name."""
        ...

    def page_apps(
        self, workspace: str, *, query: str = "", offset: int = 0, limit: int = 50
    ) -> Page[AppRecord]:
        """Apps by name; ``query`` is in the name or the provider, whatever the case."""
        ...

    def list_apps(self, workspace: str) -> Sequence[AppRecord]:
        """Every app of the workspace, oldest first."""
        ...

    def update_app(self, app: AppRecord, event: Event, reset: Health | None = None) -> None:
        """Writes ``app`` over version ``app.version - 1`` (law 4).

        With ``reset`` every connection of the app loses its tokens and takes this health, and its
        generation grows by one, in the same transaction: the tokens belong to another server.
        """
        ...

    def delete_app(self, workspace: str, app_id: str, event: Event) -> None:
        """Raises ``AppInUse`` while a connection refers to it."""
        ...

    # connections
    def add_connection(
        self, connection: ConnectionRecord, event: Event, app: AppRecord | None = None
    ) -> None:
        """Adds a connection, and its app with it when given: both or neither."""
        ...

    def load_connection(self, workspace: str, connection_id: str) -> ConnectionRecord:
        """The connection of this id."""
        ...

    def find_connection(self, workspace: str, name: str) -> ConnectionRecord:
        """The connection of this name."""
        ...

    def list_connections(
        self, workspace: str, app_id: str | None = None
    ) -> Sequence[ConnectionRecord]:
        """Every connection of the workspace, or of one app in it, oldest first."""
        ...

    def page_connections(
        self,
        workspace: str,
        *,
        query: str = "",
        owner: str | None = None,
        states: Collection[str] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ListedConnection]:
        """Connections by name, those that fit every filter given, with their apps.

        Args:
            workspace: Whose.
            query: In the name, the account, the app's name or its provider, whatever the case.
            owner: Only this person's.
            states: Only those in one of these states.
            offset: How many rows to pass over.
            limit: How many rows to give.
        """
        ...

    def connection_names(self, workspace: str, connection_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these connections that there are, by id."""
        ...

    def glance(self, workspace: str, connection_id: str) -> Glance:
        """What changes about a connection, cheap enough to be asked every second."""
        ...

    def update_connection(
        self,
        connection: ConnectionRecord,
        event: Event,
        app: AppRecord | None = None,
        reset: Health | None = None,
    ) -> None:
        """Writes what people edit over ``connection.version - 1``.

        That is name, app, flow, scopes, hosts and secrets; health, tokens, generation and lease
        are not touched. ``app``, when given, is updated in the same transaction (law 4 for both).
        With ``reset`` the connection, and with ``app`` every connection of that app, loses its
        tokens as in ``update_app``.
        """
        ...

    def delete_connection(self, workspace: str, connection_id: str, event: Event) -> None:
        """Removes the row, its pending authorizations and its attempts."""
        ...

    def touch(self, connection_id: str, used_at: datetime) -> None:
        """Notes a use; missing rows are ignored, and so is a use before the last one noted."""
        ...

    def save_account(self, connection_id: str, account: Account) -> None:
        """Notes whose account at the service this is, and what its answer said besides."""
        ...

    # pending authorizations
    def add_pending(self, pending: PendingAuthorization, at_most: int) -> None:
        """Adds one; an owner's oldest beyond ``at_most`` are dropped."""
        ...

    def take_pending(self, state_hash: str, now: datetime) -> PendingAuthorization | None:
        """Law 7. The row as it was before; None when the state is unknown."""
        ...

    def find_pending(self, state_hash: str) -> PendingAuthorization | None:
        """The same row, left as it is."""
        ...

    def list_pending(
        self, workspace: str, owner: str, now: datetime
    ) -> Sequence[PendingAuthorization]:
        """The consents of one person that can still be answered, newest first."""
        ...

    # people
    def add_first_user(self, user: User, event: Event) -> None:
        """Adds the owner of this installation (law 11).

        Raises:
            NameTaken: There is an owner already.
        """
        ...

    def add_user(self, user: User, event: Event) -> None:
        """Adds a person."""
        ...

    def has_users(self) -> bool:
        """Whether anybody may sign in here."""
        ...

    def load_user(self, workspace: str, user_id: str) -> User:
        """The person of this id, disabled or not."""
        ...

    def find_user(self, name: str) -> User | None:
        """The person of this case-folded name, disabled or not."""
        ...

    def list_users(self, workspace: str) -> Sequence[User]:
        """Everybody in the workspace, by name."""
        ...

    def update_user(self, user: User, event: Event) -> None:
        """Writes name, password hash, role and disabling over what is there."""
        ...

    # sessions
    def add_session(self, session: Session) -> None:
        """Adds a session; raises ``NotFound`` when its user is gone."""
        ...

    def find_session(self, token_hash: str, now: datetime) -> tuple[Session, User] | None:
        """The session of this token and whose it is (law 12)."""
        ...

    def touch_session(self, token_hash: str, seen_at: datetime, expires_at: datetime) -> None:
        """Notes that a session is in use; missing ones are ignored."""
        ...

    def end_session(self, token_hash: str) -> None:
        """Ends one session; missing ones are ignored."""
        ...

    def end_sessions(self, user_id: str, *, but: str = "") -> int:
        """Ends every session of a person, ``but`` the one of this token hash; gives the count."""
        ...

    # API keys
    def add_api_key(self, key: ApiKey, event: Event) -> None:
        """Adds an API key."""
        ...

    def find_api_key(self, key_hash: str) -> ApiKey | None:
        """The key of this hash (law 12)."""
        ...

    def list_api_keys(self, workspace: str) -> Sequence[ApiKey]:
        """Every key of the workspace, revoked ones too, newest first."""
        ...

    def touch_api_key(self, key_id: str, used_at: datetime) -> None:
        """Notes a use; missing keys are ignored."""
        ...

    def revoke_api_key(
        self, workspace: str, key_id: str, revoked_at: datetime, event: Event
    ) -> None:
        """Ends a key for good; ending it again changes nothing."""
        ...

    # credentials
    def add_credential(self, credential: CredentialRecord, event: Event) -> None:
        """Adds a credential."""
        ...

    def load_credential(self, workspace: str, credential_id: str) -> CredentialRecord:
        """The credential of this id."""
        ...

    def find_credential(self, workspace: str, name: str) -> CredentialRecord:
        """The credential of this name."""
        ...

    def page_credentials(
        self,
        workspace: str,
        *,
        query: str = "",
        kinds: Collection[str] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ListedCredential]:
        """Credentials by name, those that fit every filter given.

        Args:
            workspace: Whose.
            query: In the name or the hosts, whatever the case.
            kinds: Only those of one of these kinds.
            offset: How many rows to pass over.
            limit: How many rows to give.
        """
        ...

    def credential_names(self, workspace: str, credential_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these credentials that there are, by id."""
        ...

    def update_credential(self, credential: CredentialRecord, event: Event) -> None:
        """Writes ``credential`` over version ``credential.version - 1`` (law 4)."""
        ...

    def delete_credential(self, workspace: str, credential_id: str, event: Event) -> None:
        """Removes a credential; what refers to it keeps its id."""
        ...

    def touch_credential(self, credential_id: str, used_at: datetime) -> None:
        """Notes a use; missing rows are ignored, and so is a use before the last one noted."""
        ...

    # saved requests
    def add_request(
        self,
        request: SavedRequestRecord,
        event: Event,
        adding: tuple[CredentialRecord, Event] | None = None,
    ) -> None:
        """Adds a saved request, and the credential it was typed with: both or neither."""
        ...

    def load_request(self, workspace: str, request_id: str) -> SavedRequestRecord:
        """The saved request of this id."""
        ...

    def find_request(self, workspace: str, name: str) -> SavedRequestRecord:
        """The saved request of this name."""
        ...

    def page_requests(
        self,
        workspace: str,
        *,
        query: str = "",
        connection_id: str | None = None,
        credential_id: str | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[SavedRequestRecord]:
        """Saved requests by name, those that fit every filter given.

        ``query`` is in the name or the URL, whatever the case; ``credential_id`` is in any place.
        """
        ...

    def update_request(
        self,
        request: SavedRequestRecord,
        event: Event,
        adding: tuple[CredentialRecord, Event] | None = None,
    ) -> None:
        """Writes ``request`` over version ``request.version - 1`` (law 4).

        A credential it was typed with is added in the same transaction.
        """
        ...

    def delete_request(self, workspace: str, request_id: str, event: Event) -> None:
        """Removes a saved request; its runs stay."""
        ...

    # runs
    def add_run(self, run: RunRecord, sealed_detail: str) -> None:
        """Keeps a run and its detail."""
        ...

    def load_run(self, workspace: str, run_id: str) -> tuple[RunRecord, str]:
        """The run of this id, and its sealed detail."""
        ...

    def page_runs(
        self,
        workspace: str,
        *,
        query: str = "",
        connection_id: str | None = None,
        request_id: str | None = None,
        status_class: int | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[RunRecord]:
        """Runs, newest first, those that fit every filter given.

        Args:
            workspace: Whose.
            query: In the URL or the method, whatever the case.
            connection_id: Only those with this connection's token.
            request_id: Only those of this saved request.
            status_class: 2 for 200 to 299 and so on; 0 for those that got no answer.
            offset: How many rows to pass over.
            limit: How many rows to give.
        """
        ...

    def latest_runs(self, workspace: str, request_ids: Collection[str]) -> Sequence[RunRecord]:
        """The latest run of each of these saved requests that has one, in no order."""
        ...

    def delete_run(self, workspace: str, run_id: str) -> None:
        """Removes a run."""
        ...

    def purge_runs(self, workspace: str, *, before: datetime, at_most: int) -> int:
        """Drops runs older than ``before`` and the oldest beyond ``at_most``; gives the count."""
        ...

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

    # housekeeping
    def purge(self, *, ended: datetime, made: datetime, ran: datetime, said: datetime) -> int:
        """Drops what nobody needs any more; gives the count.

        Pending authorizations, sessions and closed attempts that ended before ``ended``, runs made
        before ``made``, runs of scenarios that ended before ``ran``, with their steps, and lines of
        transcripts said before ``said``. Events stay (law 9).
        """
        ...

    # keys
    def list_keys(self) -> Sequence[KeyRecord]:
        """Every key that may have sealed something here, oldest first."""
        ...

    def primary_key(self) -> str:
        """The fingerprint of the key that seals; empty in a store that is new."""
        ...

    def add_key(self, key: KeyRecord, replacing: str | None = None) -> None:
        """Notes a key, new or known; a primary one takes over from the key ``replacing`` (law 10).

        Raises:
            KeyUnavailable: Another key is primary by now; names it, and changes nothing.
        """
        ...

    def retire_key(self, fingerprint: str) -> None:
        """Forgets a key (law 14).

        Raises:
            KeyInUse: It is primary, or something is sealed under it: says how much and where.
            NotFound: No key has this fingerprint.
        """
        ...

    def sealed_columns(self) -> Sequence[SealedColumn]:
        """Every column of sealed values."""
        ...

    def count_sealed(self) -> Sequence[SealedCount]:
        """How many values are sealed, by column and by the head that names the key."""
        ...

    def list_sealed(
        self, place: SealedColumn, *, but: str, after: str, limit: int
    ) -> Sequence[SealedValue]:
        """Values of a column whose head is not ``but``, by row, those behind the row ``after``."""
        ...

    def replace_sealed(
        self, place: SealedColumn, changes: Sequence[tuple[SealedValue, str]]
    ) -> int:
        """Writes new values over those that are still what was read (law 15); gives the count."""
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
