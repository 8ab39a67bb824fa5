"""Problems of modules at the fields of their forms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from grantline.scenarios.definition.modules import KINDS
from grantline.scenarios.definition.problem import Problem

_LABELS: Final = {
    "name": "Name",
    "when": "Filter",
    "url": "URL",
    "headers": "Headers",
    "query": "Query parameters",
    "json": "JSON",
    "form": "Form fields",
    "multipart": "Parts",
    "text": "Content",
    "file": "File",
    "connection": "Connection",
    "credential": "Credential",
    "folder": "Folder",
    "items": "Items",
    "source": "Iterator",
    "value": "Value",
    "columns": "Columns",
    "branches": "Branches",
    "span": "How long",
    "status": "Status",
    "on_error": "Fallback",
    "timeout": "Timeout",
    "connect_timeout": "Connect timeout",
    "pagination": "Pagination",
    "retry": "Attempts",
}


def label_of(problem: Problem) -> str:
    """The label of the field that a problem of a module is about; empty when it is none."""
    kind, *rest = re.split(r"[.\[]", problem.field)
    if kind not in KINDS:
        return _LABELS.get(kind, "")
    if kind == "set_variables":
        return "Variables"
    if kind == "download_file" and rest[:1] == ["name"]:
        return "File name"
    return _LABELS.get(rest[0], "") if rest else ""


def said(problem: Problem) -> str:
    """What is wrong, without the place, which pages show otherwise."""
    return problem.message.partition(f"{problem.field}: ")[2] or problem.message


def said_with_place(problem: Problem) -> str:
    """What is wrong, with the place as pages call it: ``Module 3, JSON: …``."""
    module, _, rest = problem.message.partition(f"{problem.field}: ")
    if not rest or not problem.field:
        return problem.message
    label = label_of(problem) if problem.module_id is not None else ""
    return f"{module}{label or problem.field}: {rest}"


def by_label(problems: Iterable[Problem], number: int) -> dict[str, list[Problem]]:
    """The problems of one module by the label of their field."""
    found: dict[str, list[Problem]] = {}
    for each in problems:
        if each.module_id == number:
            found.setdefault(label_of(each), []).append(replace(each, message=said(each)))
    return found


def href_of(problem: Problem) -> str:
    """Where the field is, from the address of the scenario on."""
    if problem.module_id is None:
        if problem.field.startswith("trigger"):
            return "/trigger"
        anchors = {"inputs": "#field-inputs", "bounds": "#field-runs-at-once"}
        return "/settings" + anchors.get(re.split(r"[.\[]", problem.field)[0], "")
    label = label_of(problem)
    anchor = f"#field-{label.lower().replace(' ', '-')}" if label else ""
    return f"/modules/{problem.module_id}{anchor}"
