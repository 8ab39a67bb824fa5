"""What is sealed of a run and its steps: the definition, what started it, and every bundle.

Each value is bound to workspace, table, row and column, as all sealed values are. Bundles are JSON
with the digits that came: a number is not rounded on its way through the database.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from grantline.calls.structures.json_values import dump_json, load_json
from grantline.errors import LimitExceeded
from grantline.scenarios.definition.plain import scenario_from_plain, scenario_to_plain
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.modules.outcome import Answer
from grantline.secret import Secret
from grantline.store.records.runs import RunSeals
from grantline.vault.envelope import Place
from grantline.vault.vault import Vault

Read = Callable[[str], Any]
REMEMBERED: Final = 32
MOST_BUNDLE_BYTES: Final = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Given:
    """What a run was started with.

    Attributes:
        inputs: ``{{ input.name }}``.
        trigger: ``{{ trigger.body.id }}``: what the webhook or the clock brought.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    trigger: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A bundle as it is kept, and its size in bytes of JSON."""

    text: str
    size: int


class Seals:
    """Sealing and opening for the runs of one workspace."""

    def __init__(self, vault: Vault, workspace: str) -> None:
        self._vault = vault
        self._workspace = workspace

    def seal_run(self, run_id: str, scenario: Scenario, given: Given) -> RunSeals:
        """The sealed columns of a run that is about to be kept.

        Raises:
            LimitExceeded: What it is given is too large.
        """
        text = dump_json({"inputs": dict(given.inputs), "trigger": dict(given.trigger)})
        _check_size(len(text), "what the run is given")
        definition = dump_json(scenario_to_plain(scenario))
        return RunSeals(
            sealed_definition=self._seal(definition, self._of_run(run_id, "definition")),
            sealed_input=self._seal(text, self._of_run(run_id, "input")),
        )

    def open_definition(self, run_id: str, seals: RunSeals) -> Scenario:
        """The scenario that a run was started with.

        The same object for the same text, so that what is worked out of it need be only once.
        """
        return _read(self._open(seals.sealed_definition, self._of_run(run_id, "definition")))

    def open_given(self, run_id: str, seals: RunSeals) -> Given:
        """What a run was started with."""
        plain = load_json(self._open(seals.sealed_input, self._of_run(run_id, "input")))
        return Given(inputs=plain["inputs"], trigger=plain["trigger"])

    def seal_answer(self, run_id: str, answer: Answer) -> str:
        """What a Respond module answered."""
        plain = {
            "status": answer.status,
            "headers": [list(each) for each in answer.headers],
            "body": b64encode(answer.body).decode(),
        }
        return self._seal(json.dumps(plain), self._of_run(run_id, "response"))

    def open_answer(self, run_id: str, seals: RunSeals) -> Answer | None:
        """The same, opened; None when nothing was answered."""
        if seals.sealed_response is None:
            return None
        plain = json.loads(self._open(seals.sealed_response, self._of_run(run_id, "response")))
        headers = tuple((name, value) for name, value in plain["headers"])
        return Answer(status=plain["status"], headers=headers, body=b64decode(plain["body"]))

    def seal_input(self, step_id: str, bundle: Any) -> Sealed:
        """What a module saw. One that is too large to be kept is replaced by a word about it."""
        text = dump_json(bundle)
        size = len(text)
        if size > MOST_BUNDLE_BYTES:
            text = dump_json({"too_large": size})
        return Sealed(self._seal(text, self._of_step(step_id, "input")), size)

    def seal_output(self, step_id: str, bundle: Any) -> Sealed:
        """What a module gave.

        Raises:
            LimitExceeded: It is too large for a bundle.
        """
        text = dump_json(bundle)
        _check_size(len(text), "what the module gives")
        return Sealed(self._seal(text, self._of_step(step_id, "output")), len(text))

    def open_input(self, step_id: str, sealed: str | None, read: Read = load_json) -> Any:
        """What a module saw, as ``read`` gives it; None when nothing is kept."""
        return self._bundle(sealed, self._of_step(step_id, "input"), read)

    def open_output(self, step_id: str, sealed: str | None, read: Read = load_json) -> Any:
        """What a module gave, as ``read`` gives it; None when nothing is kept."""
        return self._bundle(sealed, self._of_step(step_id, "output"), read)

    def _bundle(self, sealed: str | None, place: Place, read: Read) -> Any:
        return None if sealed is None else read(self._open(sealed, place))

    def _seal(self, text: str, place: Place) -> str:
        return self._vault.seal(Secret(text), place)

    def _open(self, sealed: str, place: Place) -> str:
        return self._vault.open(sealed, place).reveal()

    def _of_run(self, run_id: str, bound_to: str) -> Place:
        return Place(self._workspace, "scenario_run", run_id, bound_to)

    def _of_step(self, step_id: str, bound_to: str) -> Place:
        return Place(self._workspace, "run_step", step_id, bound_to)


@lru_cache(maxsize=REMEMBERED)
def _read(text: str) -> Scenario:
    return scenario_from_plain(load_json(text))


def _check_size(size: int, what: str) -> None:
    if size > MOST_BUNDLE_BYTES:
        raise LimitExceeded(
            f"A bundle holds at most {MOST_BUNDLE_BYTES // 1024**2} MB of JSON, and {what} is "
            f"{size / 1024**2:.0f} MB.",
            limit="bundle_bytes",
            hint="Use Download a file for what is large, or ask the service for less at a time.",
        )
