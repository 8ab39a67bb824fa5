"""The people who may sign in: the owner's account, passwords, and how fast they may be guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from grantline.connections.connection import LOCAL_USER, LOCAL_WORKSPACE, Actor
from grantline.connections.context import Context
from grantline.errors import ConfigurationError, GrantlineError, InvalidInput, NameTaken
from grantline.secret import Secret
from grantline.server.attempts import Attempts
from grantline.server.passwords import Passwords
from grantline.store.records.people import User

LONGEST_NAME: Final = 64
NAME_FIELD: Final = "Name"
CURRENT_PASSWORD_FIELD: Final = "Current password"
NEW_PASSWORD_FIELD: Final = "New password"


class SignInRefused(GrantlineError):
    """Nobody was signed in; which of name and password was wrong is not said."""

    code = "sign_in_refused"
    http_status = 401


class TooManyAttempts(GrantlineError):
    """Somebody guesses; ``retry_after`` says when to try again."""

    code = "too_many_attempts"
    http_status = 429
    retryable = True

    def __init__(self, retry_after: timedelta) -> None:
        minutes = max(1, -(-round(retry_after.total_seconds()) // 60))
        super().__init__(
            "There were too many attempts to sign in.",
            hint=f"Try again in {minutes} min.",
        )
        self.retry_after = retry_after


class AlreadySetUp(ConfigurationError):
    """This installation has an owner."""

    code = "already_set_up"
    http_status = 409


class Accounts:
    """Creates the owner, and tells whether somebody is who they say."""

    def __init__(self, context: Context, passwords: Passwords | None = None) -> None:
        self._context = context
        self._passwords = passwords or Passwords()
        self._has_owner = False
        self._of_account = Attempts(most=10, span=timedelta(minutes=15))
        self._of_address = Attempts(most=50, span=timedelta(minutes=15))

    async def has_owner(self) -> bool:
        """Whether anybody may sign in yet."""
        if not self._has_owner:
            self._has_owner = await self._context.stored(self._context.store.has_users)
        return self._has_owner

    async def create_owner(self, name: str, password: Secret) -> User:
        """The owner, who is also the person that the command line on this machine acts for.

        Raises:
            InvalidInput: The name or the password cannot be one.
            AlreadySetUp: Somebody was first.
        """
        if await self.has_owner():
            raise _already_set_up()
        user = User(
            id=LOCAL_USER,
            workspace=LOCAL_WORKSPACE,
            name=_checked_name(name),
            password_hash=await self._passwords.hash(password),
            role="owner",
            created_at=self._context.clock.now(),
        )
        event = self._context.event(_actor(user), "user.created", user.id, {"name": user.name})
        try:
            await self._context.stored(self._context.store.add_first_user, user, event)
        except NameTaken:
            raise _already_set_up() from None
        return user

    async def sign_in(self, name: str, password: Secret, *, address: str) -> User:
        """The person with this name and password.

        Args:
            name: As typed.
            password: As typed.
            address: Where the attempt comes from.

        Raises:
            SignInRefused: Name or password is wrong.
            TooManyAttempts: Too many were, from there or for this name.
        """
        account, now = name.strip().casefold()[:LONGEST_NAME], self._context.clock.now()
        wait = max(self._of_account.wait(account, now), self._of_address.wait(address, now))
        if wait:
            raise TooManyAttempts(wait)
        self._of_account.count(account, now)
        self._of_address.count(address, now)
        user = await self._context.stored(self._context.store.find_user, account)
        is_right = await self._passwords.matches(user.password_hash if user else None, password)
        if user is None or not is_right or user.disabled_at is not None:
            raise SignInRefused("The name or the password is not right.")
        self._of_account.forget(account)
        self._of_address.forget(address)
        if self._passwords.is_outdated(user.password_hash):
            user = await self._with_password(user, password, "user.password_rehashed")
        return user

    async def change_password(self, user: User, current: Secret, new: Secret) -> None:
        """Replaces the password of ``user``; ending sessions is the caller's.

        Raises:
            InvalidInput: The current password is wrong, or the new one cannot be one.
            TooManyAttempts: The current one was wrong too often.
        """
        now = self._context.clock.now()
        if wait := self._of_account.wait(user.name, now):
            raise TooManyAttempts(wait)
        self._of_account.count(user.name, now)
        if not await self._passwords.matches(user.password_hash, current):
            raise InvalidInput("This is not the current password.", field=CURRENT_PASSWORD_FIELD)
        self._of_account.forget(user.name)
        await self._with_password(user, new, "user.password_changed")

    async def _with_password(self, user: User, password: Secret, kind: str) -> User:
        kept = await self._passwords.hash(password, field=NEW_PASSWORD_FIELD)
        changed = replace(user, password_hash=kept)
        event = self._context.event(_actor(user), kind, user.id)
        await self._context.stored(self._context.store.update_user, changed, event)
        return changed


def _checked_name(name: str) -> str:
    name = name.strip().casefold()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"The name needs 1 to {LONGEST_NAME} characters.", field=NAME_FIELD)
    return name


def _actor(user: User) -> Actor:
    return Actor(user.workspace, user.id)


def _already_set_up() -> AlreadySetUp:
    return AlreadySetUp(
        "This Grantline has an owner already.", hint="Sign in, or ask whoever set it up."
    )
