"""Keys of the REST API: shown once, kept as a hash, and good for what their scope says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context, fingerprint
from grantline.errors import InvalidInput
from grantline.oauth.moment import base64url
from grantline.secret import Secret
from grantline.store.records.people import ApiKey

# Long enough to be found by scanners of leaked secrets, and told from other services' keys.
PREFIX: Final = "glk_"
SHOWN_CHARACTERS: Final = len(PREFIX) + 4
LONGEST_NAME: Final = 64
KEY_BYTES: Final = 32
NOTED_EVERY: Final = timedelta(minutes=1)


class Scope(StrEnum):
    """What a key may do. ``MANAGE`` includes ``USE``."""

    USE = "use"
    MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who came with a key."""

    actor: Actor
    scope: Scope


class ApiKeys:
    """Makes, finds, lists and revokes API keys."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create(self, actor: Actor, name: str, scope: Scope) -> tuple[ApiKey, Secret]:
        """A new key, and the only sight of what to send; raises ``InvalidInput`` for the name."""
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidInput(
                f"The name of a key needs 1 to {LONGEST_NAME} characters.", field="Key name"
            )
        context = self._context
        secret = Secret(PREFIX + base64url(context.entropy(KEY_BYTES)))
        key = ApiKey(
            id=context.new_id("key"),
            workspace=actor.workspace,
            owner=actor.user,
            name=name,
            key_hash=fingerprint(secret.reveal()),
            beginning=secret.reveal()[:SHOWN_CHARACTERS],
            scope=scope,
            created_at=context.clock.now(),
        )
        event = context.event(actor, "api_key.created", key.id, {"name": name, "scope": scope})
        await context.stored(context.store.add_api_key, key, event)
        return key, secret

    async def find(self, secret: Secret) -> Holder | None:
        """Who holds ``secret``; None when it is no key, or not any more."""
        if not secret.reveal().startswith(PREFIX):
            return None
        context = self._context
        key = await context.stored(context.store.find_api_key, fingerprint(secret.reveal()))
        if key is None:
            return None
        now = context.clock.now()
        if key.last_used_at is None or now - key.last_used_at >= NOTED_EVERY:
            await context.stored(context.store.touch_api_key, key.id, now)
        return Holder(Actor(key.workspace, key.owner), Scope(key.scope))

    async def keys(self, actor: Actor) -> Sequence[ApiKey]:
        """The keys that are not revoked, newest first."""
        store = self._context.store
        found = await self._context.stored(store.list_api_keys, actor.workspace)
        return [key for key in found if key.revoked_at is None]

    async def revoke(self, actor: Actor, key_id: str) -> None:
        """Ends a key for good; raises ``NotFound`` when the workspace has none of this id."""
        context = self._context
        event = context.event(actor, "api_key.revoked", key_id)
        await context.stored(
            context.store.revoke_api_key, actor.workspace, key_id, context.clock.now(), event
        )
