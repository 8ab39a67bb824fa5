"""Who a browser is: a random token in a cookie, its hash in the store, thirty idle days."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.oauth.moment import base64url
from grantline.store.records.people import Session, User

IDLE: Final = timedelta(days=30)
NOTED_EVERY: Final = timedelta(hours=1)
TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in.

    Attributes:
        actor: As the engine knows them.
        binding: A secret of this session: what was begun in it is completed in it.
        token_hash: Names the session in the store.
    """

    user: User
    actor: Actor
    binding: str = field(repr=False)
    token_hash: str = field(repr=False)


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, context: Context, *, is_https: bool) -> None:
        self._context = context
        self._is_https = is_https
        # With this prefix a browser takes the cookie from this very host and by https only.
        self.cookie = "__Host-grantline" if is_https else "grantline"

    async def open(self, user: User, response: Response) -> None:
        """Signs ``user`` in: a new session whose token goes out with ``response``."""
        token = base64url(self._context.entropy(TOKEN_BYTES))
        now = self._context.clock.now()
        session = Session(
            token_hash=hash_of(token),
            user_id=user.id,
            workspace=user.workspace,
            created_at=now,
            seen_at=now,
            expires_at=now + IDLE,
        )
        await self._context.stored(self._context.store.add_session, session)
        self._send(response, token)

    async def find(self, token: str) -> Visitor | None:
        """Whoever holds ``token``, if the session lives."""
        if not token:
            return None
        now = self._context.clock.now()
        token_hash = hash_of(token)
        found = await self._context.stored(self._context.store.find_session, token_hash, now)
        if found is None:
            return None
        session, user = found
        if now - session.seen_at >= NOTED_EVERY:
            await self._touch(session, now)
        return Visitor(
            user=user,
            actor=Actor(user.workspace, user.id),
            binding=f"session {token}",
            token_hash=token_hash,
        )

    async def end(self, visitor: Visitor, response: Response) -> None:
        """Signs ``visitor`` out."""
        await self._context.stored(self._context.store.end_session, visitor.token_hash)
        response.delete_cookie(self.cookie, httponly=True, samesite="lax", secure=self._is_https)

    async def end_others(self, visitor: Visitor) -> int:
        """Signs the visitor out everywhere else; how many sessions that ended."""
        store = self._context.store
        return await self._context.stored(
            store.end_sessions, visitor.user.id, but=visitor.token_hash
        )

    async def _touch(self, session: Session, now: datetime) -> None:
        store = self._context.store
        await self._context.stored(store.touch_session, session.token_hash, now, now + IDLE)

    def _send(self, response: Response, token: str) -> None:
        response.set_cookie(
            self.cookie,
            token,
            # The store decides when a session ends; browsers allow no more than 400 days.
            max_age=round(timedelta(days=365).total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._is_https,
        )


def hash_of(token: str) -> str:
    """What the store keeps of a token: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
