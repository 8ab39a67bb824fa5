"""The form of *Make a request* as a browser sends it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData, UploadFile

from grantline.calls.bodies.multipart import BINARY_TYPE
from grantline.calls.query import Pairs
from grantline.connections.credentials.authentication import KeyPlacement
from grantline.secret import Secret
from grantline.server.pages.requests.files import KeptFile
from grantline.server.pages.requests.form import Authentication, BodyType, FormPart, RequestForm
from grantline.server.pages.requests.settings import RequestSettings

Keep = Callable[[UploadFile], Awaitable[KeptFile]]
Kept = Callable[[str], KeptFile | None]


async def form_from(data: FormData, kept: Kept, keep: Keep) -> RequestForm:
    """The form that a browser sent.

    Args:
        data: As Starlette parsed it.
        kept: Gives a file that was sent before, by its digest.
        keep: Keeps one that was sent now.
    """
    text = _Texts(data)
    file, file_name = kept(text.one("body_kept")), text.one("body_filename")
    file_type = text.one("body_type") or BINARY_TYPE
    sent = data.get("body_file")
    if isinstance(sent, UploadFile) and sent.filename:
        file, file_name = await keep(sent), sent.filename
    version = text.one("version")
    return RequestForm(
        request_id=text.one("request_id"),
        version=int(version) if version.isdecimal() else 0,
        name=text.one("name").strip(),
        method=text.one("method").strip().upper() or "GET",
        url=text.one("url"),
        authentication=_member(Authentication, text.one("authentication"), Authentication.NONE),
        connection_id=text.one("connection"),
        key_id=text.one("key_id"),
        basic_id=text.one("basic_id"),
        certificate_id=text.one("certificate_id"),
        authority_id=text.one("authority_id"),
        proxy_id=text.one("proxy_id"),
        key_name=text.one("key_name"),
        key_value=Secret(text.one("key_value")),
        key_placement=_member(KeyPlacement, text.one("key_placement"), KeyPlacement.HEADER),
        username=text.one("username"),
        password=Secret(text.one("password")),
        query=text.pairs("query"),
        headers=text.pairs("header"),
        body=_member(BodyType, text.one("body"), BodyType.NONE),
        json_text=text.lines("json"),
        fields=text.pairs("field"),
        parts=tuple([each async for each in _parts(data, kept, keep)]),
        raw_text=text.lines("raw"),
        raw_type=text.one("raw_type"),
        file=file,
        file_name=file_name,
        file_type=file_type,
        settings=RequestSettings.typed(text.single()),
    )


class _Texts:
    def __init__(self, data: FormData) -> None:
        self._data = data

    def single(self) -> dict[str, str]:
        return {name: value for name, value in self._data.items() if isinstance(value, str)}

    def one(self, name: str) -> str:
        value = self._data.get(name, "")
        return value if isinstance(value, str) else ""

    def lines(self, name: str) -> str:
        """A text of several lines: forms send CRLF, people mean LF."""
        return self.one(name).replace("\r\n", "\n")

    def all(self, name: str) -> list[str]:
        return [each if isinstance(each, str) else "" for each in self._data.getlist(name)]

    def pairs(self, name: str) -> Pairs:
        both = zip(self.all(f"{name}_key"), self.all(f"{name}_value"), strict=False)
        return tuple(pair for pair in both if any(pair))


async def _parts(data: FormData, kept: Kept, keep: Keep) -> AsyncIterator[FormPart]:
    text = _Texts(data)
    names = text.all("part_name")

    def column(name: str) -> list[str]:
        found = text.all(f"part_{name}")
        return found + [""] * (len(names) - len(found))

    uploads = [*data.getlist("part_file"), *[""] * len(names)]
    columns = zip(*map(column, ("kind", "value", "kept", "filename", "type")), strict=False)
    for name, upload, (kind, value, digest, filename, media_type) in zip(
        names, uploads, columns, strict=False
    ):
        row = FormPart(
            name=name,
            is_file=kind == "file",
            text=value.replace("\r\n", "\n"),
            data=kept(digest),
            filename=filename,
            media_type=media_type or None,
        )
        if isinstance(upload, UploadFile) and upload.filename:
            row = replace(
                row,
                data=await keep(upload),
                filename=upload.filename,
                media_type=upload.content_type or BINARY_TYPE,
            )
        if row.name or row.text or row.filename:
            yield row


def _member(kind: Any, text: str, default: Any) -> Any:
    return next((each for each in kind if each.value == text), default)
