"""The OpenAPI 3.1 document: what FastAPI finds out by itself, and what it cannot know."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

from grantline.server.api.address import API_PREFIX
from grantline.server.api.problems import ProblemShown
from grantline.version import __version__

DESCRIPTION: Final = """\
Everything the pages do, for programs. Secrets are write-only: no answer holds one, but for the \
two that exist to give one (a new API key, and the access token of a connection), and for \
scenarios, which managers get as they were written, with the address of their webhook.

Every failure is `application/problem+json` with a stable `code`. Lists are paged by `offset` and \
`limit`. An edit names the `version` it was made against, in the body or as `If-Match`.
"""
TAGS: Final = {
    "Connections": "One authorization granted through an app.",
    "Consent": "How a connection gets its tokens, and how that went.",
    "Credentials": "Secrets that are no OAuth grant: keys, passwords, certificates, proxies.",
    "Apps": "Client registrations at services.",
    "Providers": "What is known of services.",
    "Requests": "Requests made with a connection, a credential or nothing.",
    "Saved requests": "Requests kept under a name.",
    "Scenarios": "Modules in order, with mapping between them and a trigger; and their runs.",
    "History": "What was asked, what came back, and who did what.",
    "API keys": "Keys for this API.",
    "Service": "This installation.",
}
# It would write down what exceptions say, and may be told by the environment to send it away.
SILENCE: Final[Any] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
_PROBLEM: Final = "#/components/schemas/Problem"
# Routes name it, and so FastAPI leaves out its own schema of a validation error.
ANY_PROBLEM: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "A problem (RFC 9457).",
        "content": {"application/problem+json": {"schema": {"$ref": _PROBLEM}}},
    }
}


def new_app(**given: Any) -> FastAPI:
    """An app without routes, which describes itself and serves no page from elsewhere."""
    return _Described(
        title="Grantline",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[{"url": API_PREFIX}],
        root_path_in_servers=False,
        responses=ANY_PROBLEM,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=False,
        telemetry=SILENCE,
        **given,
    )


class _Described(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The document."""
        if not self.openapi_schema:
            document = super().openapi()
            schemas = document["components"]["schemas"]
            problem = ProblemShown.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= problem.pop("$defs")
            schemas["Problem"] = {**problem, "title": "Problem"}
        return super().openapi()
