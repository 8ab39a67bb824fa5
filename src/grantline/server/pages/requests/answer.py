"""A run as pages show it: the status in words, the body as a tree or text, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from anyio import to_thread

from grantline.calls.answers.presentation import Kind, Presentation, present
from grantline.calls.answers.response import Response
from grantline.calls.attempts.attempt import Attempt
from grantline.calls.structures.json_outline import Node, Outline, outline
from grantline.calls.structures.json_values import dump_json
from grantline.calls.structures.parsing import parse_data
from grantline.connections.requests.making import Made
from grantline.connections.requests.run_detail import SeenBody
from grantline.connections.requests.runs import RunDetail

# A page stays quick with so much in it; the whole body is a click away.
MOST_CHARACTERS: Final = 200_000
MOST_NODES: Final = 2_000
# Reading it takes a quarter of a second for each megabyte.
MOST_JSON_BYTES: Final = 4_000_000
MOST_ROWS: Final = 500
MOST_COLUMNS: Final = 200
_TABLES: Final = frozenset({"text/csv", "application/csv", "text/tab-separated-values"})


@dataclass(slots=True)
class Branch:
    """A JSON value and the values in it; with ``is_cut``, only the first of them."""

    node: Node
    branches: list[Branch] = field(default_factory=list)
    is_cut: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether it is an object or array."""
        return self.node.kind in {"object", "array"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a CSV file, cells in the order of ``columns``; ``total`` counts them all."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body, ready to be shown.

    Attributes:
        tree: The values of JSON, of lines of JSON, or of XML read as a structure.
        sheet: Of CSV.
        text: Of what is text, or its beginning.
        is_whole: Whether ``text`` is all of it.
        is_kept: Whether the whole body can be downloaded; False when only its beginning is left.
    """

    kind: Kind
    media_type: str
    size: int
    text: str
    tree: Branch | None
    sheet: Sheet | None
    is_whole: bool
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answered."""

    run_id: str
    status: int
    duration: timedelta
    attempts: int
    sendings: tuple[Attempt, ...]
    url: str
    redirects: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    body: Body


async def answer_of(detail: RunDetail, made: Made | None, *, parse: bool = True) -> Answer | None:
    """The answer of a run, or None when none came; read in a thread, for it may be long.

    Args:
        detail: The run as the history has it.
        made: The same run with its whole answer, when that is still at hand.
        parse: Whether to read JSON; off leaves the text as it is.
    """
    run, seen = detail.run, detail.response
    if seen is None:
        return None
    whole = made.response if made else None
    read = partial(body_of, seen.body, whole, is_kept=whole is not None, parse=parse)
    return Answer(
        run_id=run.id,
        status=seen.status,
        duration=run.duration,
        attempts=run.attempts,
        sendings=detail.attempts,
        url=seen.url,
        redirects=seen.redirects,
        headers=whole.headers if whole else seen.headers,
        body=await to_thread.run_sync(read),
    )


def body_of(
    seen: SeenBody,
    response: Response | None = None,
    *,
    is_kept: bool = False,
    parse: bool = True,
) -> Body:
    """How to show a body that the history has as ``seen``, and that may be at hand whole."""
    response = response or _response(seen)
    is_kept = is_kept or not seen.truncated
    shown = present(response, max_nodes=MOST_NODES)
    if not parse:
        shown = replace(shown, tree=None, text=response.text if shown.text else "")
    elif shown.cut and shown.kind is Kind.JSON and is_kept and seen.size <= MOST_JSON_BYTES:
        shown = replace(shown, tree=outline(response.text, max_nodes=MOST_NODES))
    tree, sheet = shown.tree, None
    if parse and tree is None and shown.kind in {Kind.TEXT, Kind.XML} and not shown.cut:
        tree, sheet = _structure(response.content, seen.media_type)
    return Body(
        kind=shown.kind,
        media_type=shown.media_type,
        size=seen.size,
        text=shown.text[:MOST_CHARACTERS],
        tree=_tree(tree) if tree else None,
        sheet=sheet,
        is_whole=is_kept and not _is_cut(shown),
        is_kept=is_kept,
    )


def _structure(content: bytes, media_type: str) -> tuple[Outline | None, Sheet | None]:
    """What a text says that is no JSON but has a structure all the same."""
    data = parse_data(content, media_type)
    if media_type.partition(";")[0].strip().lower() in _TABLES:
        return None, _sheet(data) if isinstance(data, list) and data else None
    if isinstance(data, dict | list):
        return outline(dump_json(data), max_nodes=MOST_NODES), None
    return None, None


def _sheet(records: list[dict[str, Any]]) -> Sheet | None:
    """The table; None where one long row would make it too wide to be shown."""
    columns = tuple(dict.fromkeys(name for each in records[:MOST_ROWS] for name in each))
    if len(columns) > MOST_COLUMNS:
        return None
    rows = (tuple(each.get(name, "") for name in columns) for each in records[:MOST_ROWS])
    return Sheet(columns, tuple(rows), len(records))


def media_type_of(content: bytes, stated: str) -> str:
    """What a body is: for an image, what its first bytes say."""
    seen = SeenBody(data=content[:1024], media_type=stated, size=1024, truncated=True)
    return present(_response(seen)).media_type


def _is_cut(shown: Presentation) -> bool:
    return shown.cut or len(shown.text) > MOST_CHARACTERS


def _response(seen: SeenBody) -> Response:
    headers = (("content-type", seen.media_type),) if seen.media_type else ()
    return Response(status=200, headers=headers, content=seen.data, url="")


def _tree(outline: Outline) -> Branch:
    """The values of ``outline``, each in the one that holds it."""
    root, *rest = (Branch(node, is_cut=node.cut) for node in outline.nodes)
    path = [root]
    for branch in rest:
        del path[branch.node.depth :]
        path[-1].branches.append(branch)
        path.append(branch)
    if outline.cut:
        for open_one in path:
            open_one.is_cut = open_one.is_folder
    return root
