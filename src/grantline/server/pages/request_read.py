"""The form of *Make a request* as a browser sends it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData, UploadFile

from grantline.calls.multipart import BINARY_TYPE
from grantline.calls.query import Pairs
from grantline.connections.credentials import KeyPlacement
from grantline.secret import Secret
from grantline.server.pages.request_form import Authentication, BodyType, FormPart, RequestForm


async def form_from(data: FormData, kept: Callable[[str], bytes | None]) -> RequestForm:
    """The form that a browser sent.

    Args:
        data: As Starlette parsed it.
        kept: Gives the bytes of a file that was sent before, by its digest.
    """
    text = _Texts(data)
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
        parts=tuple([each async for each in _parts(data, kept)]),
        raw_text=text.lines("raw"),
        raw_type=text.one("raw_type"),
        raw_data=kept(text.one("raw_kept")),
        parse_response=bool(text.one("parse_response")),
        fail_on_status=bool(text.one("fail_on_status")),
        timeout=text.one("timeout"),
        follow_redirects=bool(text.one("follow_redirects")),
        compressed=bool(text.one("compressed")),
    )


class _Texts:
    def __init__(self, data: FormData) -> None:
        self._data = data

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


async def _parts(data: FormData, kept: Callable[[str], bytes | None]) -> AsyncIterator[FormPart]:
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
                data=await upload.read(),
                filename=upload.filename,
                media_type=upload.content_type or BINARY_TYPE,
            )
        if row.name or row.text or row.filename:
            yield row


def _member(kind: Any, text: str, default: Any) -> Any:
    return next((each for each in kind if each.value == text), default)
