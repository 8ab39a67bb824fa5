"""GitHub's API as far as issues are created.

https://docs.github.com/en/rest/issues/issues#create-an-issue
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from grantline.messages import HttpRequest, HttpResponse
from grantline.testing.simulated_service.answers import json_answer
from grantline.testing.simulated_service.apis import asked

_ISSUES: Final = re.compile(r"/repos/([^/]+/[^/]+)/issues")
_DOCS: Final = "https://docs.github.com/rest/issues/issues#create-an-issue"


@dataclass(slots=True)
class GithubApi:
    """Repositories that are there, each with its issues."""

    repositories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer."""
        call = asked(request)
        place = _ISSUES.fullmatch(call.path)
        issues = self.repositories.get(place[1]) if place else None
        if place is None or issues is None or call.method != "POST":
            missing = {"message": "Not Found", "documentation_url": _DOCS, "status": "404"}
            return json_answer(missing, status=404)
        given = call.json if isinstance(call.json, dict) else {}
        if not given.get("title"):
            wrong = {"resource": "Issue", "code": "missing_field", "field": "title"}
            told = {"message": "Validation Failed", "errors": [wrong], "documentation_url": _DOCS}
            return json_answer(told, status=422)
        number = len(issues) + 1
        issue: dict[str, Any] = {
            "id": 2_000_000 + number,
            "number": number,
            "url": f"https://api.github.com/repos/{place[1]}/issues/{number}",
            "html_url": f"https://github.com/{place[1]}/issues/{number}",
            "state": "open",
            "title": str(given["title"]),
            "body": given.get("body"),
            "labels": [],
            "comments": 0,
        }
        issues.append(issue)
        return json_answer(issue, status=201)
