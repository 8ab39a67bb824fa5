"""What went in and came out of a step, as people read it: no secret of a connection in it.

Bundles are kept as they came, because modules go on with them. A service may give a token back in
its answer; whoever looks at a run need not see it. As in the history of requests, known secrets are
masked by their value, and headers and query parameters that carry credentials by their name.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final

from grantline.calls.structures.json_values import load_json
from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.connections.requests.redaction import Redactor, secrets_of
from grantline.errors import GrantlineError
from grantline.scenarios.definition.scenario import Scenario
from grantline.secret import Secret

# The texts, numbers and words of a JSON text.
_ATOM: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s",:\[\]{}]+')


async def redactor_of_run(engine: Engine, actor: Actor, scenario: Scenario) -> Redactor:
    """Masks what all connections and credentials of ``scenario`` keep secret.

    One module hands on what another was answered, so those of the step itself would not do.
    """
    calls = {
        (call.connection_id, call.credentials)
        for module in scenario.each_module()
        if (call := module.call) is not None
    }
    known: list[Secret] = []
    for connection_id, credentials in calls:
        with suppress(GrantlineError):  # one that was deleted keeps no secret
            carried = await engine.credentials.taken_along(actor, credentials, beside=connection_id)
            known += carried.secrets
        if connection_id is not None:
            with suppress(GrantlineError):
                known += secrets_of(await engine.context.hold(actor, connection_id))
    return Redactor(known)


def masked_bundle(text: str, redactor: Redactor) -> Any:
    """The bundle that the JSON ``text`` is, secrets masked."""
    try:
        value = load_json(redactor.text(text))
    except ValueError:
        # A secret of digits was in a number, which becomes a text. Slower, so not for all.
        value = load_json(_ATOM.sub(lambda found: _atom(found[0], redactor), text))
    return _by_name(value, redactor)


def _atom(atom: str, redactor: Redactor) -> str:
    masked = redactor.text(atom)
    return masked if atom.startswith('"') or masked == atom else f'"{masked}"'


def _by_name(value: Any, redactor: Redactor) -> Any:
    """Headers, and the URL beside them, masked: of an answer that a module handed on, too."""
    if not isinstance(value, dict):
        return value
    found = {name: _by_name(each, redactor) for name, each in value.items()}
    if isinstance(headers := value.get("headers"), dict):
        found["headers"] = {name: _header(name, each, redactor) for name, each in headers.items()}
        if isinstance(url := value.get("url"), str):
            found["url"] = redactor.url(url)
    return found


def _header(name: str, value: Any, redactor: Redactor) -> Any:
    return redactor.headers(((name, value),))[0][1] if isinstance(value, str) else value
