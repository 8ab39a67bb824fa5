"""What leaves the store with time: ended consents and sessions, old runs and transcripts.

The audit stays: what happened to a connection is never forgotten.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final, Never

from grantline.connections.context import Context
from grantline.connections.requests.runs import KEPT_FOR
from grantline.errors import GrantlineError

# A consent that ran out is still known for a while, so that its late answer is told why.
ENDED_KEPT_FOR: Final = timedelta(days=1)
# Longer than runs: what was said last explains a connection that nobody used for a season.
TRANSCRIPT_KEPT_FOR: Final = timedelta(days=90)
TIDIED_EVERY: Final = timedelta(hours=6)


async def tidy(context: Context) -> int:
    """Drops what nobody needs any more, in every workspace; gives the count of rows."""
    now = context.clock.now()
    return await context.stored(
        context.store.purge,
        ended=now - ENDED_KEPT_FOR,
        made=now - KEPT_FOR,
        said=now - TRANSCRIPT_KEPT_FOR,
    )


async def keep_tidy(context: Context) -> Never:
    """Tidies now and every few hours; a store that refuses is asked again the next time."""
    while True:
        with suppress(GrantlineError):
            await tidy(context)
        await context.clock.sleep(TIDIED_EVERY)
