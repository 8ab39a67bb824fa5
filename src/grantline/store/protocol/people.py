"""What letting people in asks of a database: a part of ``Store``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from grantline.store.records.audit import Event
from grantline.store.records.people import ApiKey, Session, User


class PeopleStore(Protocol):
    """People, their sessions and their API keys."""

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
