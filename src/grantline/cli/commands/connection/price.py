"""What an edit costs, in words and as JSON types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from grantline.cli.output import note, say
from grantline.cli.prompts import confirm
from grantline.cli.words import listed
from grantline.connections.labels import label_of

if TYPE_CHECKING:
    from grantline.connections.connection import Connection
    from grantline.connections.edit import Price
    from grantline.connections.engine import Engine
    from grantline.connections.planning import ConnectionEdit


def say_price(price: Price, connection: Connection | None = None) -> None:
    """What an edit costs, in words."""
    from grantline.cli.views import shell_word
    from grantline.connections.edit import Cost
    from grantline.connections.state import State

    is_draft = connection is not None and connection.state is State.DRAFT
    reasons = listed(label_of(each) for each in price.reasons)
    if price.cost is Cost.REAUTHORIZATION and (connection is None or connection.authorized_at):
        say(f"It must be authorized again, because this changed: {reasons}.")
    elif is_draft:
        say("It is not authorized.")
    elif price.cost is Cost.CONSENT:
        say(f"Consent is needed for this: {reasons}. Until then the old token keeps working.")
    else:
        say("Nothing else is needed.")
    if connection is not None and (is_draft or price.cost is not Cost.NOTHING):
        step = "authorize" if is_draft else "reauthorize"
        say(f"Next step: grantline connection {step} {shell_word(connection.name)}")


async def ask_before_dropping(
    engine: Engine,
    connection: Connection,
    edit: ConnectionEdit,
    *,
    others: Sequence[str],
    yes: bool,
) -> None:
    """Asks before an edit that ends the authorization of ``connection``, and of ``others``.

    Raises:
        Exit: The person does not want that; nothing was changed.
        UsageError: There is nobody to ask, and ``--yes`` was not given.
    """
    from grantline.connections.edit import Cost
    from grantline.connections.engine import LOCAL

    price = await engine.manage.price(LOCAL, connection.id, edit)
    if yes or price.cost is not Cost.REAUTHORIZATION or connection.authorized_at is None:
        return
    reasons = listed(label_of(each) for each in price.reasons)
    names = listed(f"“{each}”" for each in (connection.name, *others))
    question = f"Another {reasons} ends the authorization of {names}, tokens and all. Go on?"
    if not confirm(question, option="--yes"):
        note("Nothing was changed.")
        raise typer.Exit(1)


def price_view(price: Price, siblings: Sequence[str]) -> dict[str, Any]:
    """The same as JSON types."""
    return {
        "needs": price.cost.name.lower(),
        "because": price.reasons,
        "also_changed": siblings,
    }
