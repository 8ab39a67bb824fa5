"""Who may come in: people, their browsers, their programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who may sign in.

    Attributes:
        name: Case-folded, and unique among all workspaces: it is all that a person types.
        password_hash: As the hash function wrote it, its parameters included.
        role: ``owner`` or ``member``.
        disabled_at: From then on neither sessions nor API keys of this person work.
    """

    id: str
    workspace: str
    name: str
    password_hash: str = field(repr=False)
    role: str
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that signed in; ``token_hash`` is SHA-256 of its cookie, hex."""

    token_hash: str
    user_id: str
    workspace: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of the REST API; ``key_hash`` is SHA-256 of it, hex, and ``scope`` what it may do.

    Attributes:
        beginning: Its first characters, by which people tell one from another; empty for keys
            older than this column.
        scope: ``use`` makes requests, ``manage`` does everything its owner may.
    """

    id: str
    workspace: str
    owner: str
    name: str
    key_hash: str
    scope: str
    created_at: datetime
    beginning: str = ""
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
