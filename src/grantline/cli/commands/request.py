"""``grantline request``: HTTP requests with a connection's token, a credential, or neither."""

from __future__ import annotations

import base64
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from grantline.cli.errors import UsageError
from grantline.cli.files import save
from grantline.cli.options.body import BodyOptions, body_of
from grantline.cli.options.caller import CallerOptions
from grantline.cli.options.groups import takes_groups
from grantline.cli.options.paging import (
    PagingOptions,
    check_alone,
    pagination_of,
    print_items,
)
from grantline.cli.options.sending import SendingOptions, sending_fields
from grantline.cli.output import Format, FormatOption, note, say, say_json
from grantline.cli.running import with_engine

if TYPE_CHECKING:
    from grantline.calls.answers.response import Response
    from grantline.calls.bodies.upload import Upload
    from grantline.calls.request import RequestSpec
    from grantline.connections.engine import Engine
    from grantline.connections.requests.making import Made

commands = typer.Typer()

ANSWER: Final = "Answer"


@dataclass(frozen=True, kw_only=True)
class AnswerOptions:
    """What becomes of the answer."""

    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the body to this file.", rich_help_panel=ANSWER),
    ] = None
    include: Annotated[
        bool,
        typer.Option(
            "--include",
            "-i",
            help="Print status and headers before the body.",
            rich_help_panel=ANSWER,
        ),
    ] = False
    parse: Annotated[
        bool,
        typer.Option(
            "--parse",
            help="Print JSON, XML, CSV and lines of JSON as one JSON value.",
            rich_help_panel=ANSWER,
        ),
    ] = False


@commands.command(
    epilog="Example: grantline request GET https://api.example/orders --connection orders -q page=2"
)
@takes_groups
def request(
    method: Annotated[str | None, typer.Argument(help="GET, POST, ...")] = None,
    url: Annotated[
        str | None, typer.Argument(help="Absolute, or relative to the base URL.")
    ] = None,
    *,
    caller: CallerOptions,
    saved: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Make a saved request, in place of METHOD and URL."),
    ] = None,
    body: BodyOptions,
    sending: SendingOptions,
    answer: AnswerOptions,
    paging: PagingOptions,
    form: FormatOption = Format.TEXT,
) -> None:
    """Makes a request, as it is or with a connection's token; a refused one is renewed, once."""
    if saved is not None:
        usual = (CallerOptions(), BodyOptions(), SendingOptions())
        if method or (caller, body, sending) != usual:
            raise UsageError(
                "A saved request has a method, a URL and all the rest already.",
                hint="Give --saved alone, or change the saved request.",
            )
        _show(with_engine(lambda engine: _run_saved(engine, saved)), answer, form)
        return
    if method is None or url is None:
        raise UsageError(
            "METHOD and URL are needed.",
            hint="Such as: grantline request GET /me --connection orders",
        )
    spec, upload = _spec(method, url, body, sending)
    if paging.paginate is None:
        check_alone(paging)
        _show(with_engine(lambda engine: _make(engine, spec, caller, upload)), answer, form)
    elif upload is not None:
        raise UsageError("A file is no body for many pages.", hint="Give the body by --json.")
    else:
        with_engine(lambda engine: _print_pages(engine, spec, caller, paging))


def _spec(
    method: str, url: str, body: BodyOptions, sending: SendingOptions
) -> tuple[RequestSpec, Upload | None]:
    from grantline.calls.request import RequestSpec

    content, upload = body_of(body)
    spec = RequestSpec(
        method=method.upper(),
        url=url,
        content=content,
        compress=body.compress,
        **sending_fields(sending),
    )
    return spec, upload


async def _make(
    engine: Engine, spec: RequestSpec, caller: CallerOptions, upload: Upload | None
) -> Made:
    from grantline.connections.engine import LOCAL

    connection_id, ids = await caller.ids(engine)
    return await engine.make_request(
        LOCAL, spec, connection_id=connection_id, credentials=ids, upload=upload, record=False
    )


async def _run_saved(engine: Engine, name: str) -> Made:
    from grantline.connections.engine import LOCAL

    return await engine.run_saved(LOCAL, name)


async def _print_pages(
    engine: Engine, spec: RequestSpec, caller: CallerOptions, paging: PagingOptions
) -> None:
    from dataclasses import replace

    paged = replace(spec, pagination=pagination_of(paging))
    await print_items(engine, paged, caller, paging)


def _show(made: Made, options: AnswerOptions, form: Format) -> None:
    """Prints or saves an answer, then fails if it counts as a failure."""
    from grantline.calls.structures.json_values import dump_json

    response = made.response
    if response is not None:
        if options.output:
            save(response.content, options.output)
        if form is Format.JSON and options.parse:
            say(dump_json(_view(response, options)))  # which loses no digits
        elif form is Format.JSON:
            say_json(_view(response, options))
        else:
            _print(response, options)
    made.result()


def _print(response: Response, options: AnswerOptions) -> None:
    if options.include:
        say(f"HTTP {response.status}")
        for name, value in response.headers:
            say(f"{name}: {value}")
        say()
    if response.notice:
        note(response.notice)
    content = response.content
    if options.parse and not isinstance(data := response.data, bytes):
        from grantline.calls.structures.json_values import dump_json

        content = f"{dump_json(data)}\n".encode("utf-8", "replace")
    if options.output:
        note(f"Wrote {len(response.content)} bytes to {options.output}.")
    elif not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    elif b"\0" in content:
        note(f"The body is not text ({len(content)} bytes).")
        note("hint: Write it to a file with: --output FILE")
    else:
        say((content.decode() if options.parse else response.text).removesuffix("\n"))


def _view(response: Response, options: AnswerOptions) -> dict[str, Any]:
    view: dict[str, Any] = {
        "status": response.status,
        "url": response.url,
        "redirects": response.redirects,
        "elapsed_s": round(response.elapsed.total_seconds(), 6),
        "attempts": response.attempts,
        "size_bytes": response.size_bytes,
        "headers": [list(each) for each in response.headers],
    }
    if options.output:
        return {**view, "saved_to": str(options.output)}
    if options.parse and not isinstance(data := response.data, bytes):
        return {**view, "data": data}
    try:
        return {**view, "body": response.content.decode(response.encoding)}
    except (UnicodeDecodeError, LookupError):
        return {**view, "body_base64": base64.b64encode(response.content).decode()}
