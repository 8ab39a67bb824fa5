"""What leaves the store with time: ended consents and sessions, old runs and transcripts.

Runs of scenarios as well: what a scenario is belongs to the rooms above, that its rows grow old
does not.

The audit stays: what happened to a connection is never forgotten.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final, Never

from grantline.connections.context import Context
from grantline.connections.requests.runs import KEPT_FOR
from grantline.connections.settings import RUNS_KEPT_FOR
from grantline.errors import GrantlineError

# A consent that ran out is still known for a while, so that its late answer is told why.
ENDED_KEPT_FOR: Final = timedelta(days=1)
# Longer than runs: what was said last explains a connection that nobody used for a season.
TRANSCRIPT_KEPT_FOR: Final = timedelta(days=90)
TIDIED_EVERY: Final = timedelta(hours=6)


async def tidy(context: Context, *, keep_runs: timedelta = RUNS_KEPT_FOR) -> int:
    """Drops what nobody needs any more, in every workspace; gives the count of rows.

    Args:
        context: Of the engine.
        keep_runs: How long runs of scenarios stay after their end.
    """
    now = context.clock.now()
    return await context.stored(
        context.store.purge,
        ended=now - ENDED_KEPT_FOR,
        made=now - KEPT_FOR,
        ran=now - keep_runs,
        said=now - TRANSCRIPT_KEPT_FOR,
    )


async def keep_tidy(context: Context, keep_runs: timedelta = RUNS_KEPT_FOR) -> Never:
    """Tidies now and every few hours; a store that refuses is asked again the next time."""
    while True:
        with suppress(GrantlineError):
            await tidy(context, keep_runs=keep_runs)
        await context.clock.sleep(TIDIED_EVERY)
