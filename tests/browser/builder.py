"""A scenario built in its editor as a person builds one: every field found by its label."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Locator, expect

from grantline.calls.pagination import Pagination
from grantline.scenarios.definition.modules import (
    Action,
    Aggregate,
    Body,
    BodyKind,
    DownloadFile,
    HttpCall,
    Iterate,
    Module,
    OnError,
    Respond,
    SetVariables,
)
from grantline.scenarios.definition.scenario import Input, Scenario
from grantline.scenarios.definition.triggers import Schedule, Webhook
from tests.browser.owner import Owner

BODY_WORDS = {BodyKind.JSON: "JSON", BodyKind.FORM: "Form fields", BodyKind.RAW: "Raw"}


def build(owner: Owner, scenario: Scenario) -> str:
    """Builds ``scenario`` from nothing, from top to bottom; its path."""
    page = owner.open("/scenarios/new")
    owner.field("Name").fill(scenario.name)
    owner.press("Create")
    page.wait_for_url("**/scenarios/scn_*")
    path = page.url.removeprefix(owner.app.url)
    settings(owner, path, scenario)
    trigger(owner, path, scenario)
    for module in scenario.modules:
        add(owner, module)
    return path


def settings(owner: Owner, path: str, scenario: Scenario) -> None:
    """The note and the inputs."""
    page = owner.open(f"{path}/settings")
    page.get_by_label("Note optional").fill(scenario.note)
    for each in scenario.inputs:
        owner.press("Add an input")
        an_input(page.locator(".input-row").last, each)
    owner.press("Save")
    sees_editor(owner)


def an_input(row: Locator, given: Input) -> None:
    row.get_by_label("Input: name").fill(given.name)
    row.get_by_label("Input: note").fill(given.note)
    if given.is_required:
        row.get_by_label("Input: required").select_option(label="Required")
    if given.default is not None:
        typed(row, "Input: default", given.default)


def trigger(owner: Owner, path: str, scenario: Scenario) -> None:
    page = owner.open(f"{path}/trigger")
    match scenario.trigger:
        case Schedule(cron=cron, time_zone=zone):
            owner.choose("Schedule")
            owner.field("Cron").fill(cron)
            owner.field("Time zone").fill(zone)
            expect(page.locator("#schedule-preview")).to_contain_text(zone)
        case Webhook():
            owner.choose("Webhook")
    owner.press("Save")
    sees_editor(owner)


def add(owner: Owner, module: Module) -> None:
    """Adds a module at the end, and fills in its form."""
    page = owner.page
    page.locator(".lane-end > .gap > .add").last.click()
    page.locator("#add-module").get_by_role("link", name=module.does.title, exact=False).click()
    fill_in(owner, module)
    owner.press("Add module")
    sees_editor(owner)
    expect(page.locator(f"#module-{module.id}")).to_contain_text(module.label)


def fill_in(owner: Owner, module: Module) -> None:
    owner.field("Name of the module").fill(module.name)
    if module.when:
        unfold(owner, "when")
        owner.field("Filter").fill(module.when)
    if module.call is not None:
        call(owner, module.call)
    match module.does:
        case Iterate(items=items):
            owner.field("Items").fill(items)
        case Aggregate() as does:
            owner.field("Iterator").select_option(str(does.source))
            typed(owner.page.locator(".for-value"), "Value", does.value)
        case SetVariables(variables=variables):
            for name, value in variables:
                row = owner.page.locator(".variable-row").last
                row.get_by_label("Variable: name").fill(name)
                typed(row, "Variable", value, field="Variable: value")
        case Respond() as does:
            owner.field("Status").fill(does.status)
            body(owner, does.body)
        case DownloadFile() as does:
            unfold(owner, "file")
            owner.page.get_by_label("Folder optional").fill(does.folder)
            owner.page.get_by_label("File name optional").fill(does.name)
            owner.page.get_by_label("Replace a file of that name").set_checked(does.overwrite)
    on_error(owner, module.on_error)


def call(owner: Owner, made: HttpCall) -> None:
    """The request of an HTTP module."""
    page, spec = owner.page, made.spec
    owner.field("Method").select_option(spec.method)
    owner.field("URL").fill(spec.url)
    if made.connection_id is not None:
        owner.choose("OAuth 2.0")
        choice = owner.field("Connection")
        option = choice.locator("option").filter(has_text=f"{made.connection_id} (")
        choice.select_option(option.get_attribute("value"))
    pairs(owner, "query", "Query parameters", spec.query)
    pairs(owner, "header", "Headers", spec.headers)
    if made.body.kind is not BodyKind.NONE:
        unfold(owner, "body")
        body(owner, made.body)
    if spec.pagination is not None:
        unfold(owner, "pages")
        pages(owner, spec.pagination)
    if spec.retry is not None:
        unfold(owner, "settings")
        page.get_by_label("Try again when it fails").check()
        owner.field("Attempts").fill(str(spec.retry.attempts))


def pages(owner: Owner, wanted: Pagination) -> None:
    owner.field("Pagination").select_option(wanted.type.value)
    owner.field("Items path").fill(wanted.items)
    owner.field("Goes into").select_option(wanted.place.value)
    owner.field("Next path").fill(wanted.next)
    owner.page.get_by_text("When to stop").click()
    owner.field("More path").fill(wanted.more)


def pairs(owner: Owner, fold: str, label: str, wanted: Sequence[tuple[str, str]]) -> None:
    if not wanted:
        return
    unfold(owner, fold)
    rows = owner.page.locator(f"[data-fold={fold}]")
    for at, (name, value) in enumerate(wanted):
        if at:
            rows.get_by_role("button", name="Add").click()
        rows.get_by_label(f"{label}: Name").last.fill(name)
        rows.get_by_label(f"{label}: Value").last.fill(value)


def body(owner: Owner, wanted: Body) -> None:
    if wanted.kind is BodyKind.NONE:
        return
    owner.choose(BODY_WORDS[wanted.kind], among="Body content type")
    owner.page.get_by_role("textbox", name="JSON", exact=True).fill(json.dumps(wanted.json))


def on_error(owner: Owner, wanted: OnError) -> None:
    if wanted.action is not Action.STOP:
        unfold(owner, "errors")
        owner.field("After an error").select_option(wanted.action.value)


def typed(place: Locator, label: str, value: Any, *, field: str = "") -> None:
    """A value that may be any JSON: a text as it is, anything else as JSON."""
    kind = "text" if isinstance(value, str) else "json"
    place.get_by_label(f"{label}: kind").select_option(kind)
    text = value if kind == "text" else json.dumps(value)
    place.get_by_label(field or label, exact=True).fill(text)


def unfold(owner: Owner, fold: str) -> None:
    place = owner.page.locator(f"[data-fold={fold}]")
    if place.get_attribute("open") is None:
        place.locator("> summary").click()


def sees_editor(owner: Owner) -> None:
    expect(owner.page.locator("#editor")).to_be_visible()
