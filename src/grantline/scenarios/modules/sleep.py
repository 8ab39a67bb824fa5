"""*Sleep*: how long; the run does the waiting, also beyond the life of a process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from grantline.calls.expressions import fill
from grantline.errors import InvalidInput
from grantline.scenarios.definition.modules import Sleep
from grantline.scenarios.definition.spans import parse_span
from grantline.scenarios.modules.outcome import Outcome
from grantline.scenarios.modules.surroundings import LONGEST_SLEEP


def sleep(does: Sleep, names: Mapping[str, Any]) -> Outcome:
    """The span; ``seconds`` says it to later modules.

    Raises:
        InvalidInput: It is no span, or longer than `LONGEST_SLEEP`.
    """
    span = span_of(fill(does.span, names))
    seconds = span.total_seconds()
    plain: float | int = int(seconds) if seconds.is_integer() else seconds
    return Outcome(output={"seconds": plain}, input={"seconds": plain}, wait=span)


def span_of(value: Any) -> timedelta:
    """``value`` as a span: a number of seconds, or a text as `parse_span` reads it.

    Raises:
        InvalidInput: It is neither, or longer than `LONGEST_SLEEP`.
    """
    if isinstance(value, str):
        try:
            span = parse_span(value, field="span")
        except InvalidInput as error:
            # Without the value: what a run says of itself is not sealed as its bundles are.
            raise InvalidInput(
                "What the span is filled in with is not a length of time.",
                field="span",
                hint=error.hint,
            ) from None
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidInput(
            "How long to sleep is neither a number of seconds nor a span.",
            field="span",
            hint="Write seconds, or a text such as 5 min, 2 h or 1 d.",
        )
    else:
        # Compared before it is a span: neither infinity nor what is no number at all is one.
        within = 0 <= value <= LONGEST_SLEEP.total_seconds()
        span = timedelta(seconds=float(value)) if within else timedelta.max
    if span > LONGEST_SLEEP:
        raise InvalidInput(
            f"A sleep is at most {LONGEST_SLEEP.days} days, and not less than nothing.",
            field="span",
            hint="For something that recurs, give the scenario a schedule.",
        )
    return span
