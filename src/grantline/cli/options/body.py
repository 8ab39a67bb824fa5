"""The body of a request, as options."""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from grantline.cli.errors import UsageError
from grantline.cli.values import pairs
from grantline.errors import InvalidInput

if TYPE_CHECKING:
    from grantline.calls.bodies.content import Content
    from grantline.calls.bodies.multipart import Part, SourcePart
    from grantline.calls.bodies.upload import Upload

BODY: Final = "Body (one of them)"
STDIN: Final = "@-"


@dataclass(frozen=True, kw_only=True)
class BodyOptions:
    """At most one kind of body."""

    json_body: Annotated[
        str | None,
        typer.Option("--json", metavar="TEXT|@FILE", help="A JSON body.", rich_help_panel=BODY),
    ] = None
    form_fields: Annotated[
        list[str] | None,
        typer.Option("--form", metavar="K=V", help="A form field.", rich_help_panel=BODY),
    ] = None
    parts: Annotated[
        list[str] | None,
        typer.Option(
            "-F",
            "--part",
            metavar="K=V|K=@FILE",
            help="A field or file of a multipart form; ;type=image/png and ;filename=X may follow.",
            rich_help_panel=BODY,
        ),
    ] = None
    data: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT|@FILE",
            help="A body as it is; set its type with -H; @- reads stdin.",
            rich_help_panel=BODY,
        ),
    ] = None
    compress: Annotated[
        bool, typer.Option("--compress", help="Send it in gzip coding.", rich_help_panel=BODY)
    ] = False


def body_of(options: BodyOptions) -> tuple[Content | None, Upload | None]:
    """What to send: in memory, or, for files, to be read while it is sent."""
    from grantline.calls.bodies.content import Content, form_content, json_text_content
    from grantline.calls.bodies.upload import Upload
    from grantline.connections.requests.files import FileSource

    fields, parts, data = options.form_fields or None, options.parts or None, options.data
    if sum(each is not None for each in (options.json_body, fields, parts, data)) > 1:
        raise UsageError(
            "A request has one body.", hint="Give one of --json, --form, --part and --data."
        )
    if options.json_body is not None:
        try:
            return json_text_content(_bytes(options.json_body, option="--json").decode()), None
        except UnicodeDecodeError:
            raise InvalidInput("The body of --json is not UTF-8.", field="--json") from None
    if fields is not None:
        return form_content(pairs(fields, option="--form")), None
    if parts is not None:
        return _multipart([_part(each) for each in parts])
    if data is None:
        return None, None
    if data.startswith("@") and data != STDIN:
        source = FileSource.open(Path(data[1:]).expanduser())
        return None, Upload(source, "application/octet-stream")
    kind = "application/octet-stream" if data == STDIN else "text/plain; charset=utf-8"
    return Content(_bytes(data, option="--data"), kind), None


def _multipart(parts: list[Part | SourcePart]) -> tuple[Content | None, Upload | None]:
    from grantline.calls.bodies.multipart import Part, multipart_content, multipart_upload

    in_memory = [part for part in parts if isinstance(part, Part)]
    if len(in_memory) == len(parts):
        return multipart_content(in_memory), None
    return None, multipart_upload(parts, boundary=f"grantline-{secrets.token_hex(16)}")


def _part(word: str) -> Part | SourcePart:
    """One field: ``name=text``, or ``name=@path`` with ``;type=`` and ``;filename=`` behind it."""
    from grantline.calls.bodies.multipart import BINARY_TYPE, SourcePart, file_part, text_part
    from grantline.connections.requests.files import FileSource

    name, equals, value = word.partition("=")
    if not equals or not name:
        raise InvalidInput(
            "A value of --part is not of the form name=value.",
            field="--part",
            hint="Write -F name=text, or -F name=@path for a file.",
        )
    if not value.startswith("@"):
        return text_part(name, value)
    path, *more = value[1:].split(";")
    settings = dict(each.partition("=")[::2] for each in more)
    if unknown := sorted(set(settings) - {"type", "filename"}):
        raise InvalidInput(
            f"A file of --part has no {unknown[0]}.",
            field="--part",
            hint="Behind the path may stand ;type=image/png and ;filename=photo.png.",
        )
    kind = settings.get("type", BINARY_TYPE)
    if path == "-":
        data = sys.stdin.buffer.read()
        return file_part(name, data, filename=settings.get("filename", "-"), media_type=kind)
    file = Path(path).expanduser()
    return SourcePart(name, FileSource.open(file), settings.get("filename", file.name), kind)


def _bytes(given: str, *, option: str) -> bytes:
    """The text itself, or the bytes of the file behind ``@``; ``@-`` is standard input."""
    if not given.startswith("@"):
        return given.encode()
    if given == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(given[1:]).expanduser().read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"The file {given[1:]} cannot be read: {error.strerror or 'no reason given'}.",
            field=option,
            hint=f"Check the path that follows {option} @.",
        ) from None
