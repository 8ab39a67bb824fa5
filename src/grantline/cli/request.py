"""``grantline request``: one HTTP request that carries a connection's token."""

from __future__ import annotations

import base64
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from grantline.cli.errors import UpstreamStatus, UsageError
from grantline.cli.output import Format, FormatOption, note, say, say_json
from grantline.cli.running import with_engine
from grantline.cli.values import header_pairs, pairs
from grantline.cli.words import parse_span
from grantline.errors import InvalidInput

if TYPE_CHECKING:
    from grantline.calls.request import Content
    from grantline.calls.response import Response

commands = typer.Typer()

BODY: Final = "Body (one of them)"


@commands.command(
    epilog="Example: grantline request GET https://api.example/orders --connection orders -q page=2"
)
def request(
    method: Annotated[str, typer.Argument(help="GET, POST, ...")],
    url: Annotated[str, typer.Argument(help="Absolute, or relative to the base URL.")],
    *,
    connection: Annotated[
        str, typer.Option("--connection", "-c", help="Name or id of the connection.")
    ],
    header: Annotated[
        list[str] | None,
        typer.Option("-H", "--header", metavar="'K: V'", help="A header; repeat it for more."),
    ] = None,
    query: Annotated[
        list[str] | None,
        typer.Option("-q", "--query", metavar="K=V", help="A query parameter."),
    ] = None,
    json_body: Annotated[
        str | None,
        typer.Option("--json", metavar="TEXT|@FILE", help="A JSON body.", rich_help_panel=BODY),
    ] = None,
    form_fields: Annotated[
        list[str] | None,
        typer.Option("--form", metavar="K=V", help="A form field.", rich_help_panel=BODY),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT|@FILE",
            help="A body as it is; set its type with -H; @- reads stdin.",
            rich_help_panel=BODY,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the body to this file.")
    ] = None,
    include: Annotated[
        bool, typer.Option("--include", "-i", help="Print status and headers before the body.")
    ] = False,
    no_redirects: Annotated[
        bool, typer.Option("--no-redirects", help="Show the 3xx answer itself.")
    ] = False,
    timeout: Annotated[str | None, typer.Option(help="For the whole exchange: 30s, 2m.")] = None,
    fail: Annotated[
        bool, typer.Option("--fail", "-f", help="Exit with 9 on a 4xx or 5xx answer.")
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Makes a request with the connection's token; a refused token is renewed, once."""
    from grantline.calls.request import RequestSpec
    from grantline.connections.engine import LOCAL

    spec = RequestSpec(
        method=method.upper(),
        url=url,
        headers=header_pairs(header or (), option="--header"),
        query=pairs(query or (), option="--query"),
        content=_content(json_body, form_fields, data),
        follow_redirects=not no_redirects,
        timeout=parse_span(timeout, field="--timeout") if timeout else None,
    )
    response = with_engine(lambda engine: engine.request(LOCAL, connection, spec))
    if output:
        _save(response.content, output)
    if form is Format.JSON:
        say_json(_view(response, saved=output))
    else:
        _print(response, include=include, saved=output)
    if fail and response.status >= 400:
        raise UpstreamStatus(
            f"The service answered with status {response.status}.",
            hint="Its answer is the body above." if not output else f"Its answer is in {output}.",
        )


def _content(json_body: str | None, fields: list[str] | None, data: str | None) -> Content | None:
    from grantline.calls.request import Content, form_content, json_text_content

    if sum(each is not None for each in (json_body, fields or None, data)) > 1:
        raise UsageError("A request has one body.", hint="Give one of --json, --form and --data.")
    if json_body is not None:
        try:
            return json_text_content(_bytes(json_body, option="--json").decode())
        except UnicodeDecodeError:
            raise InvalidInput("The body of --json is not UTF-8.", field="--json") from None
    if fields:
        return form_content(pairs(fields, option="--form"))
    if data is not None:
        kind = "application/octet-stream" if data.startswith("@") else "text/plain; charset=utf-8"
        return Content(_bytes(data, option="--data"), kind)
    return None


def _bytes(given: str, *, option: str) -> bytes:
    """The text itself, or the bytes of the file behind ``@``; ``@-`` is standard input."""
    if not given.startswith("@"):
        return given.encode()
    if given == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(given[1:]).expanduser().read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"The file {given[1:]} cannot be read: {error.strerror or 'no reason given'}.",
            field=option,
            hint=f"Check the path that follows {option} @.",
        ) from None


def _save(content: bytes, path: Path) -> None:
    """Writes a file whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".grantline-", delete=False) as to:
            to.write(content)
        mode = 0o666 & ~_umask()
        Path(to.name).chmod(mode)
        Path(to.name).replace(path)
    except OSError as error:
        raise InvalidInput(
            f"The file {path} cannot be written: {error.strerror or 'no reason given'}.",
            field="--output",
            hint="Give a path in a folder that exists and that you may write to.",
        ) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _print(response: Response, *, include: bool, saved: Path | None) -> None:
    if include:
        say(f"HTTP {response.status}")
        for name, value in response.headers:
            say(f"{name}: {value}")
        say()
    if saved:
        note(f"Wrote {len(response.content)} bytes to {saved}.")
    elif not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(response.content)
    elif b"\0" in response.content:
        note(f"The body is not text ({len(response.content)} bytes).")
        note("hint: Write it to a file with: --output FILE")
    else:
        say(response.text.removesuffix("\n"))


def _view(response: Response, *, saved: Path | None) -> dict[str, Any]:
    view: dict[str, Any] = {
        "status": response.status,
        "url": response.url,
        "redirects": response.redirects,
        "elapsed_s": round(response.elapsed.total_seconds(), 6),
        "headers": [list(each) for each in response.headers],
    }
    if saved:
        return {**view, "saved_to": str(saved)}
    try:
        return {**view, "body": response.content.decode(response.encoding)}
    except (UnicodeDecodeError, LookupError):
        return {**view, "body_base64": base64.b64encode(response.content).decode()}
