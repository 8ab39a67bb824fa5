"""Google Sheets' API as far as rows are appended.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values/append
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from grantline.messages import HttpRequest, HttpResponse
from grantline.testing.simulated_service.answers import json_answer
from grantline.testing.simulated_service.apis import asked

_APPEND: Final = re.compile(r"/v4/spreadsheets/([^/]+)/values/([^/!]+)!([A-Z]+)1:append")
_INPUT_OPTIONS: Final = frozenset({"RAW", "USER_ENTERED"})


@dataclass(slots=True)
class SheetsApi:
    """Spreadsheets that are there.

    Attributes:
        sheets: Rows by spreadsheet and name of the sheet.
        appends: How many requests have appended something.
    """

    sheets: dict[tuple[str, str], list[list[Any]]] = field(default_factory=dict)
    appends: int = 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer."""
        call = asked(request)
        place = _APPEND.fullmatch(call.path)
        if call.method != "POST" or place is None:
            return _error(404, "Requested entity was not found.", "NOT_FOUND")
        spreadsheet, sheet, column = place.groups()
        rows = self.sheets.get((spreadsheet, sheet))
        if rows is None:
            return _error(404, "Requested entity was not found.", "NOT_FOUND")
        if call.query.get("valueInputOption") not in _INPUT_OPTIONS:
            message = "'valueInputOption' is required but not specified"
            return _error(400, message, "INVALID_ARGUMENT")
        values = call.json.get("values") if isinstance(call.json, dict) else None
        if not isinstance(values, list) or not all(isinstance(row, list) for row in values):
            message = (
                "Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue)"
            )
            return _error(400, message, "INVALID_ARGUMENT")
        told: dict[str, Any] = {"spreadsheetId": spreadsheet}
        if rows:
            told["tableRange"] = f"{sheet}!{column}1:{_last(column, rows)}{len(rows)}"
        first = len(rows) + 1
        rows += values
        self.appends += 1
        told["updates"] = {
            "spreadsheetId": spreadsheet,
            "updatedRange": f"{sheet}!{column}{first}:{_last(column, values)}{len(rows)}",
            "updatedRows": len(values),
            "updatedColumns": max(map(len, values), default=0),
            "updatedCells": sum(map(len, values)),
        }
        return json_answer(told)


def _last(column: str, rows: list[list[Any]]) -> str:
    """The letter of the last column; enough for tables as wide as the alphabet."""
    return chr(ord(column) + max(map(len, rows), default=1) - 1)


def _error(code: int, message: str, status: str) -> HttpResponse:
    return json_answer({"error": {"code": code, "message": message, "status": status}}, status=code)
