"""Name, note, inputs and limits of a scenario."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.errors import ConnectionChanged, GrantlineError, InvalidInput
from grantline.scenarios.definition.scenario import Bounds, Input, Scenario
from grantline.scenarios.definition.spans import parse_span, span_words
from grantline.scenarios.kept import KeptScenario
from grantline.server.page import actor_of, page, scenarios_of, see_other
from grantline.server.pages.scenarios.modules.form import (
    Typed,
    ValueKind,
    ValueRow,
    value_of,
    value_row,
)
from grantline.server.pages.scenarios.page import home_of, kept_of


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRow:
    """An input as it is typed."""

    name: str = ""
    is_required: bool = False
    note: str = ""
    kind: str = ValueKind.NONE
    text: str = ""

    def meant(self) -> Input:
        """The input that is meant; raises ``InvalidInput``."""
        return Input(
            name=self.name.strip(),
            default=value_of(ValueRow(self.name, self.kind, self.text), "Inputs"),
            is_required=self.is_required,
            note=self.note,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsForm:
    """The fields as they were typed."""

    version: int
    name: str
    note: str
    inputs: tuple[InputRow, ...]
    at_once: str
    steps: str
    within: str

    @classmethod
    def of(cls, kept: KeptScenario) -> SettingsForm:
        """The form of a scenario."""
        scenario, rows = kept.scenario, []
        for each in scenario.inputs:
            typed = value_row(each.name, each.default)
            rows.append(
                InputRow(
                    name=each.name,
                    is_required=each.is_required,
                    note=each.note,
                    kind=typed.kind,
                    text=typed.text,
                )
            )
        return cls(
            version=kept.version,
            name=scenario.name,
            note=scenario.note,
            inputs=tuple(rows),
            at_once=str(scenario.bounds.at_once),
            steps=str(scenario.bounds.steps),
            within=span_words(scenario.bounds.within),
        )

    @classmethod
    def sent(cls, typed: Typed) -> SettingsForm:
        """The form that a browser sent."""
        version = typed.one("version")
        names = ("name", "required", "note", "kind", "default")
        rows = zip(*(typed.all(f"input_{each}") for each in names), strict=False)
        return cls(
            version=int(version) if version.isdecimal() else 0,
            name=typed.one("name").strip(),
            note=typed.one("note"),
            inputs=tuple(
                InputRow(name=name, is_required=required == "yes", note=note, kind=kind, text=text)
                for name, required, note, kind, text in rows
                if name or note or text
            ),
            at_once=typed.one("at_once"),
            steps=typed.one("steps"),
            within=typed.one("within"),
        )

    def changed(self, scenario: Scenario) -> Scenario:
        """``scenario`` with what was typed.

        Raises:
            InvalidInput: A field is wrong; names its label.
        """
        names = [each.name.strip() for each in self.inputs]
        if len(set(names)) < len(names) or not all(names):
            raise InvalidInput(
                "Two inputs have the same name." if all(names) else "An input has no name.",
                field="Inputs",
                hint="Give each its own name.",
            )
        return replace(
            scenario,
            name=self.name,
            note=self.note,
            inputs=tuple(each.meant() for each in self.inputs),
            bounds=Bounds(
                at_once=_whole(self.at_once, "Runs at once"),
                steps=_whole(self.steps, "Steps"),
                within=parse_span(self.within, field="Within"),
            ),
        )


async def edit(request: Request) -> Response:
    """The form."""
    kept = await kept_of(request)
    return _show(request, kept, SettingsForm.of(kept))


async def save(request: Request) -> Response:
    """Saves what was typed."""
    kept = await kept_of(request)
    form = SettingsForm.sent(Typed((await request.form()).multi_items()))
    try:
        await scenarios_of(request).edit(
            actor_of(request), kept.id, form.changed(kept.scenario), version=form.version
        )
    except ConnectionChanged:
        newer = replace(form, version=kept.version)
        return _show(request, kept, newer, status=409, conflict=kept)
    except InvalidInput as error:
        return _show(request, kept, form, status=error.http_status, error=_labelled(error))
    except GrantlineError as error:
        return _show(request, kept, form, status=error.http_status, error=error)
    return see_other(request, home_of(kept), "The settings are saved.")


def _show(
    request: Request, kept: KeptScenario, form: SettingsForm, *, status: int = 200, **said: Any
) -> Response:
    return page(
        request,
        "scenarios/settings.html",
        status=status,
        **{"error": None, "conflict": None, **said},
        problems={},
        scenario=kept.scenario,
        home=home_of(kept),
        form=form,
        new_input=InputRow(),
    )


def _labelled(error: InvalidInput) -> InvalidInput:
    label = "Name" if error.field == "Scenario name" else error.field
    return InvalidInput(error.message, field=label, hint=error.hint)


def _whole(text: str, label: str) -> int:
    word = text.strip()
    if not (word.isascii() and word.isdecimal() and len(word) < 10 and int(word)):
        raise InvalidInput(f"“{word[:20]}” is not a whole number from 1 on.", field=label)
    return int(word)


ROUTES: Final[list[BaseRoute]] = [
    Route("/scenarios/{scenario_id}/settings", edit),
    Route("/scenarios/{scenario_id}/settings", save, methods=["POST"]),
]
