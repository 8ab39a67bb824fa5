"""What an edit costs, in words and as JSON types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grantline.cli.output import say
from grantline.cli.words import listed
from grantline.connections.labels import label_of

if TYPE_CHECKING:
    from grantline.connections.connection import Connection
    from grantline.connections.edit import Price


def say_price(price: Price, connection: Connection | None = None) -> None:
    """What an edit costs, in words."""
    from grantline.cli.views import shell_word
    from grantline.connections.edit import Cost

    reasons = listed(label_of(each) for each in price.reasons)
    if price.cost is Cost.NOTHING:
        say("Nothing else is needed.")
    elif price.cost is Cost.CONSENT:
        say(f"Consent is needed for this: {reasons}. Until then the old token keeps working.")
    else:
        say(f"It must be authorized again, because this changed: {reasons}.")
    if price.cost is not Cost.NOTHING and connection is not None:
        say(f"Next step: grantline connection reauthorize {shell_word(connection.name)}")


def price_view(price: Price, siblings: Sequence[str]) -> dict[str, Any]:
    """The same as JSON types."""
    return {
        "needs": price.cost.name.lower(),
        "because": price.reasons,
        "also_changed": siblings,
    }
