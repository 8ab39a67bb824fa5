"""When to renew a token, and how long to leave a failing server alone. Pure; spans in, spans out.

Precedents for the margin: Go's oauth2 10 s, Authlib 60 s, Nango 15 min. A fixed margin renews
short tokens all the time and long ones too late, so ours is a share of the lifetime within bounds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

LONGEST_MARGIN: Final = timedelta(minutes=5)
SHORTEST_MARGIN: Final = timedelta(seconds=10)
MARGIN_SHARE: Final = 0.2

BACK_OFF_BASE: Final = timedelta(seconds=2)
BACK_OFF_CAP: Final = timedelta(minutes=15)
LONGEST_RETRY_AFTER: Final = timedelta(hours=6)
DEAD_GRANT_PAUSE: Final = timedelta(seconds=60)
# A refusal that says nothing of the grant: after so many, over so long, once a day is enough.
REFUSALS: Final = 5
REFUSED_FOR: Final = timedelta(hours=1)
REFUSED_PAUSE: Final = timedelta(days=1)
ENDS_SOON: Final = timedelta(days=7)

REQUEST_DEADLINE: Final = timedelta(seconds=20)
LEASE_SPAN: Final = timedelta(seconds=60)
# Of the lease: a request that begins later could outlive it, deadline and all.
SENDING_SHARE: Final = 2 / 3
LEASE_WAIT: Final = timedelta(seconds=25)

# Unused for so long, a token set is renewed no more often than that: each renewal is a risk.
UNUSED_FOR: Final = timedelta(days=1)
# Of the time after which an unused refresh token dies: late enough to be cheap, early enough that
# a day of outage costs nothing.
KEEP_WARM_SHARE: Final = 0.5


def refresh_margin(lifetime: timedelta) -> timedelta:
    """How long before its end a token of ``lifetime`` is renewed.

    A fifth of the lifetime, between 10 s and 5 min, and never more than half: a token that lives
    for three seconds is used for at least one and a half.
    """
    margin = min(LONGEST_MARGIN, lifetime * MARGIN_SHARE)
    return min(max(margin, SHORTEST_MARGIN), lifetime / 2)


def refresh_due_at(
    obtained_at: datetime, expires_at: datetime | None, margin: timedelta | None = None
) -> datetime | None:
    """The instant from which a token is renewed ahead of time; None when its end is unknown.

    Unknown is neither now nor never: such a token is used until a service refuses it.

    Args:
        obtained_at: When it was asked for.
        expires_at: When it ends.
        margin: What somebody set in place of ``refresh_margin``; never more than half its life.
    """
    if expires_at is None:
        return None
    lifetime = max(expires_at - obtained_at, timedelta(0))
    usual = refresh_margin(lifetime)
    return expires_at - (usual if margin is None else min(margin, lifetime / 2))


def background_due_at(
    obtained_at: datetime,
    *,
    due_at: datetime | None,
    ends_at: datetime | None,
    is_used: bool,
    share: float,
) -> datetime | None:
    """The instant from which a token set is renewed in the background; None: never.

    It lies up to one margin before ``due_at``, so that no caller meets a token that is due. A token
    set that nobody uses is renewed once a day, and in time before its refresh token ends.

    Args:
        obtained_at: When it was asked for.
        due_at: From when a caller renews it (``refresh_due_at``).
        ends_at: When the refresh token dies unless it is used.
        is_used: Whether anybody has used the connection lately.
        share: From 0 to 1, the same each time for one connection: spreads what ends together.
    """
    turns = []
    if due_at is not None:
        margin = refresh_margin(max(due_at - obtained_at, timedelta(0)))
        turn = due_at - margin * share
        turns.append(turn if is_used else max(turn, obtained_at + UNUSED_FOR * (1 + share)))
    if ends_at is not None:
        span = max(ends_at - obtained_at, timedelta(0)) * KEEP_WARM_SHARE
        turns.append(obtained_at + span * (1 - share / 2))
    return min(turns, default=None)


def back_off(failures: int, jitter: float, retry_after: timedelta | None = None) -> timedelta:
    """How long to wait after ``failures`` failed attempts in a row.

    Full jitter: a share ``jitter`` (0 to 1) of 2 s, 4 s, 8 s, ... up to 15 min, never under 1 s. A
    server's own Retry-After wins, up to six hours.
    """
    if retry_after is not None:
        return min(max(retry_after, timedelta(0)), LONGEST_RETRY_AFTER)
    doublings = min(max(failures - 1, 0), 20)
    ceiling = min(BACK_OFF_CAP, BACK_OFF_BASE * (1 << doublings))
    return max(timedelta(seconds=1), ceiling * jitter)
