"""What the engine advises, in the words of the pages.

Errors name the commands of the terminal that help, and are kept so with runs. Here the same thing
is done on a page.
"""

from __future__ import annotations

import re
from typing import Final

_COMMANDS: Final = tuple(
    (re.compile(command), words)
    for command, words in (
        (
            r"To replace it on purpose: grantline connection reauthorize .+ --other-account",
            "To replace it on purpose, choose “Use the other account” on the connection's page.",
        ),
        (r"(Then r|R)un: grantline connection reauthorize .+", "Reauthorize the connection."),
        (r"Run: grantline connection authorize .+", "Authorize the connection."),
        (
            r"See the names with: grantline (connection|credential) list",
            r"The list of \1s shows those that are there.",
        ),
        (
            r", run: grantline (connection|credential) edit .+ --add-host .+",
            r", add it to the hosts of the \1.",
        ),
        (r", or change that one: grantline \w+ edit .+", ", or rename that one."),
        (r"See them all with: grantline provider list\.", "Providers lists them all."),
        (r", or as grantline app check says\.", "."),
    )
)


def on_page(advice: str) -> str:
    """``advice`` with the steps as they are taken in the browser."""
    if "grantline " in advice:
        for command, words in _COMMANDS:
            advice = command.sub(words, advice)
    return advice
