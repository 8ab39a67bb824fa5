"""Lists that come in pages: options, and the stream of their items."""

from __future__ import annotations

import sys
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from grantline.cli.errors import UsageError
from grantline.cli.output import note
from grantline.cli.values import choice
from grantline.errors import InvalidInput

if TYPE_CHECKING:
    from grantline.calls.pagination import Pagination
    from grantline.calls.request import RequestSpec
    from grantline.cli.options.caller import CallerOptions
    from grantline.connections.engine import Engine
    from grantline.connections.requests.pages import ItemsPage

PAGES: Final = "Pages of a list (with --paginate)"
AUTOMATIC: Final = "auto"


@dataclass(frozen=True, kw_only=True)
class PagingOptions:
    """How a list comes in pages."""

    paginate: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="Get every page, by offset, page, url or token, or auto: as the catalogue says. "
            "Prints one item a line, as JSON.",
            rich_help_panel=PAGES,
        ),
    ] = None
    items: Annotated[
        str,
        typer.Option(
            metavar="PATH",
            help="Where the list is: data.items; the only list by default.",
            rich_help_panel=PAGES,
        ),
    ] = ""
    next_place: Annotated[
        str,
        typer.Option(
            "--next",
            metavar="PLACE",
            help="Where the next URL or token is: a path, or header:NAME; for url the Link header.",
            rich_help_panel=PAGES,
        ),
    ] = ""
    page_parameter: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Of the offset, page or token; offset, page, cursor by default.",
            rich_help_panel=PAGES,
        ),
    ] = ""
    page_place: Annotated[
        str,
        typer.Option(
            metavar="PLACE", help="Where it goes: query, header, body.", rich_help_panel=PAGES
        ),
    ] = "query"
    page_start: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="First offset or page.", rich_help_panel=PAGES),
    ] = None
    page_size: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Items a page to ask for.", rich_help_panel=PAGES),
    ] = None
    page_size_parameter: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Of the size; limit or per_page by default.", rich_help_panel=PAGES
        ),
    ] = ""
    total: Annotated[
        str,
        typer.Option(metavar="PLACE", help="Where the number of items is.", rich_help_panel=PAGES),
    ] = ""
    total_pages: Annotated[
        str,
        typer.Option(metavar="PLACE", help="Where the number of pages is.", rich_help_panel=PAGES),
    ] = ""
    more: Annotated[
        str,
        typer.Option(
            metavar="PLACE", help="Where it says whether there are more.", rich_help_panel=PAGES
        ),
    ] = ""
    max_pages: Annotated[
        int, typer.Option(metavar="N", min=1, help="At most so many.", rich_help_panel=PAGES)
    ] = 1000
    resume_from: Annotated[
        str,
        typer.Option(
            metavar="TEXT|@FILE",
            help="What an earlier run said when it broke off.",
            rich_help_panel=PAGES,
        ),
    ] = ""


def pagination_of(options: PagingOptions) -> Pagination | None:
    """The pagination that the options describe; None for that of the catalogue."""
    from grantline.calls.pagination import Pagination, PaginationType, ParameterPlace

    if options.paginate in {None, AUTOMATIC}:
        return None
    return Pagination(
        type=choice(PaginationType, options.paginate or "", option="--paginate"),
        items=options.items,
        parameter=options.page_parameter,
        place=choice(ParameterPlace, options.page_place, option="--page-place"),
        start=options.page_start,
        size=options.page_size,
        size_parameter=options.page_size_parameter,
        next=options.next_place,
        total=options.total,
        total_pages=options.total_pages,
        more=options.more,
        max_pages=options.max_pages,
    )


async def print_items(
    engine: Engine, spec: RequestSpec, caller: CallerOptions, options: PagingOptions
) -> None:
    """Writes each item as one line of JSON as it comes; says on stderr how far it is."""
    from grantline.connections.engine import LOCAL

    resume = _resume_text(options.resume_from)
    connection_id, ids = await caller.ids(engine)
    pages = engine.pages(
        LOCAL, spec, connection_id=connection_id, credentials=ids, resume_from=resume
    )
    progress = _Progress(resume)
    try:
        async with aclosing(pages):
            async for page in pages:
                progress.print(page)
    finally:
        progress.end()


class _Progress:
    """How far a run is, and from where another one would go on."""

    def __init__(self, resume: str) -> None:
        self._resume = resume
        self._ended = False
        self._items = self._pages = 0

    def print(self, page: ItemsPage) -> None:
        """One page."""
        from grantline.calls.paging.pages import Stop
        from grantline.calls.structures.json_values import dump_json

        lines = "".join(f"{dump_json(each)}\n" for each in page.items)
        sys.stdout.flush()
        sys.stdout.buffer.write(lines.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
        self._items += len(page.items)
        self._pages += 1
        self._resume = page.resume or ""
        self._ended = page.stop is not None and page.stop is not Stop.MAX_PAGES
        if sys.stderr.isatty():
            print(f"\r{self._so_far()}", end="", file=sys.stderr, flush=True)
        if page.stop in {Stop.REPEATED_PAGE, Stop.REPEATED_NEXT}:
            note(f"\nnote: The service gave a page again, so this is the end ({page.stop}).")

    def end(self) -> None:
        """Says how much there was and, where there is more, how to go on."""
        from grantline.cli.views import shell_word

        if sys.stderr.isatty():
            print("\r", end="", file=sys.stderr)
        note(f"{self._so_far()}.")
        if not self._ended and self._resume:
            # The service wrote a part of it, and people paste this into a shell.
            note(f"hint: Go on with: --resume-from {shell_word(self._resume)}")

    def _so_far(self) -> str:
        pages = "1 page" if self._pages == 1 else f"{self._pages} pages"
        items = "1 item" if self._items == 1 else f"{self._items} items"
        return f"{pages}, {items}"


def _resume_text(given: str) -> str:
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InvalidInput(
            f"The file {given[1:]} cannot be read.",
            field="--resume-from",
            hint="Check the path that follows --resume-from @.",
        ) from None


def check_alone(options: PagingOptions) -> None:
    """Refuses options of pages without ``--paginate``."""
    if options != PagingOptions():
        raise UsageError(
            "There are options of pages without --paginate.",
            hint="Add --paginate offset, page, url, token or auto.",
        )
