"""People who sign in, their sessions, and the keys of the REST API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, exists, insert, or_, select, update

from grantline.errors import NameTaken, NotFound
from grantline.store.database import Database
from grantline.store.records.audit import Event
from grantline.store.records.people import ApiKey, Session, User
from grantline.store.schema.tables import api_key, instance, session, user
from grantline.store.sql.journal import note
from grantline.store.sql.rows import to_record, to_row


class People(Database):
    """Who may come in. A disabled person is kept, so that the history can name him."""

    def add_first_user(self, user: User, event: Event) -> None:
        """Adds the owner of this installation (law 11)."""
        with self._write() as run:
            # Of two that come at once the second waits here, and then finds the first.
            run.execute(select(instance.c.id).with_for_update())
            if run.execute(select(_users.c.id).limit(1)).first() is not None:
                raise NameTaken(
                    "This installation has an owner already.",
                    hint="Sign in, or ask the owner for an account.",
                )
            run.execute(insert(_users).values(to_row(user)))
            note(run, event)

    def add_user(self, user: User, event: Event) -> None:
        """Adds a person."""
        with self._write() as run:
            run.execute(insert(_users).values(to_row(user)))
            note(run, event)

    def has_users(self) -> bool:
        """Whether anybody may sign in here."""
        with self._read() as run:
            return run.execute(select(user.c.id).limit(1)).first() is not None

    def load_user(self, workspace: str, user_id: str) -> User:
        """The person of this id, disabled or not."""
        own = (user.c.workspace == workspace, user.c.id == user_id)
        with self._read() as run:
            row = run.execute(select(user).where(*own)).mappings().one_or_none()
        if row is None:
            raise not_found("user")
        return to_record(User, row)

    def find_user(self, name: str) -> User | None:
        """The person of this case-folded name, disabled or not."""
        with self._read() as run:
            row = run.execute(select(user).where(user.c.name == name)).mappings().one_or_none()
        return None if row is None else to_record(User, row)

    def list_users(self, workspace: str) -> Sequence[User]:
        """Everybody in the workspace, by name."""
        query = select(user).where(user.c.workspace == workspace).order_by(user.c.name)
        with self._read() as run:
            return [to_record(User, row) for row in run.execute(query).mappings()]

    def update_user(self, user: User, event: Event) -> None:
        """Writes name, password hash, role and disabling over what is there."""
        own = (_users.c.workspace == user.workspace, _users.c.id == user.id)
        names = ("name", "password_hash", "role", "disabled_at")
        values = {name: getattr(user, name) for name in names}
        with self._write() as run:
            if not run.execute(update(_users).where(*own).values(values)).rowcount:
                raise not_found("user")
            note(run, event)

    def add_session(self, session: Session) -> None:
        """Adds a session; raises ``NotFound`` when its user is gone."""
        with self._write(orphan=not_found("user")) as run:
            run.execute(insert(_sessions).values(to_row(session)))

    def find_session(self, token_hash: str, now: datetime) -> tuple[Session, User] | None:
        """The session of this token and whose it is (law 12)."""
        held = session.c
        living = (held.token_hash == token_hash, held.expires_at > now)
        with self._read() as run:
            row = run.execute(select(session).where(*living)).mappings().one_or_none()
            if row is None:
                return None
            found = to_record(Session, row)
            own = (user.c.id == found.user_id, user.c.disabled_at.is_(None))
            person = run.execute(select(user).where(*own)).mappings().one_or_none()
        return None if person is None else (found, to_record(User, person))

    def touch_session(self, token_hash: str, seen_at: datetime, expires_at: datetime) -> None:
        """Notes that a session is in use; missing ones are ignored."""
        used = update(session).where(session.c.token_hash == token_hash)
        with self._write() as run:
            run.execute(used.values(seen_at=seen_at, expires_at=expires_at))

    def end_session(self, token_hash: str) -> None:
        """Ends one session; missing ones are ignored."""
        with self._write() as run:
            run.execute(delete(session).where(session.c.token_hash == token_hash))

    def end_sessions(self, user_id: str, *, but: str = "") -> int:
        """Ends every session of a person, ``but`` the one of this token hash; gives the count."""
        theirs = (session.c.user_id == user_id, session.c.token_hash != but)
        with self._write() as run:
            return run.execute(delete(session).where(*theirs)).rowcount

    def add_api_key(self, key: ApiKey, event: Event) -> None:
        """Adds an API key."""
        with self._write() as run:
            run.execute(insert(api_key).values(to_row(key)))
            note(run, event)

    def find_api_key(self, key_hash: str) -> ApiKey | None:
        """The key of this hash (law 12)."""
        known = api_key.c
        disabled = exists().where(user.c.id == known.owner, user.c.disabled_at.is_not(None))
        living = (known.key_hash == key_hash, known.revoked_at.is_(None), ~disabled)
        with self._read() as run:
            row = run.execute(select(api_key).where(*living)).mappings().one_or_none()
        return None if row is None else to_record(ApiKey, row)

    def list_api_keys(self, workspace: str) -> Sequence[ApiKey]:
        """Every key of the workspace, revoked ones too, newest first."""
        known = api_key.c
        query = select(api_key).where(known.workspace == workspace).order_by(known.id.desc())
        with self._read() as run:
            return [to_record(ApiKey, row) for row in run.execute(query).mappings()]

    def touch_api_key(self, key_id: str, used_at: datetime) -> None:
        """Notes a use; missing keys are ignored."""
        known = api_key.c
        later = or_(known.last_used_at.is_(None), known.last_used_at < used_at)
        with self._write() as run:
            used = update(api_key).where(known.id == key_id, later)
            run.execute(used.values(last_used_at=used_at))

    def revoke_api_key(
        self, workspace: str, key_id: str, revoked_at: datetime, event: Event
    ) -> None:
        """Ends a key for good; ending it again changes nothing."""
        known = api_key.c
        own = (known.workspace == workspace, known.id == key_id)
        ended = update(api_key).where(*own, known.revoked_at.is_(None))
        with self._write() as run:
            if run.execute(ended.values(revoked_at=revoked_at)).rowcount:
                note(run, event)
            elif run.execute(select(known.id).where(*own)).one_or_none() is None:
                raise not_found("API key")


# Inside the methods that take one, ``user`` and ``session`` are records.
_users: Final = user
_sessions: Final = session


def not_found(what: str) -> NotFound:
    """The answer for a row that is not there, or not in this workspace (law 2)."""
    return NotFound(f"There is no such {what}.", hint="It may have been deleted meanwhile.")
