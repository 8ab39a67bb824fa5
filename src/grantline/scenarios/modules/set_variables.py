"""*Set variables*: names and values for what follows in the run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from grantline.calls.expressions import fill_json
from grantline.errors import InvalidInput
from grantline.scenarios.definition.modules import SetVariables
from grantline.scenarios.modules.outcome import Outcome

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def set_variables(does: SetVariables, names: Mapping[str, Any]) -> Outcome:
    """The variables, filled in order: each can use those before it.

    Raises:
        InvalidInput: A name is none, or a value cannot be filled in.
    """
    before = dict(names.get("vars") or {})
    made: dict[str, Any] = {}
    for name, value in does.variables:
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"{name[:60]!r} is no name of a variable.",
                field="variables",
                hint="Use letters, digits and underscores, and begin with a letter.",
            )
        made[name] = fill_json(value, {**names, "vars": {**before, **made}})
    return Outcome(output=dict(made), variables=made)
