"""What a person typed into *Make a request*, and the request that it means.

The form keeps everything typed, also what the chosen authentication type and body do not use: who
changes his mind finds it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from grantline.calls.answers.presentation import size_words
from grantline.calls.bodies.content import Content, form_content, json_text_content
from grantline.calls.bodies.multipart import (
    BINARY_TYPE,
    Part,
    SourcePart,
    file_part,
    multipart_content,
    multipart_upload,
    text_part,
)
from grantline.calls.bodies.upload import Upload
from grantline.calls.query import Pairs
from grantline.calls.request import RequestSpec
from grantline.connections.credentials.authentication import (
    BasicCredential,
    KeyCredential,
    KeyPlacement,
    RequestCredential,
)
from grantline.connections.credentials.credential import CredentialIds
from grantline.errors import InvalidInput
from grantline.messages import Headers
from grantline.secret import Secret
from grantline.server.pages.requests.files import FileData, KeptFile, bytes_of, size_of
from grantline.server.pages.requests.settings import RequestSettings

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# Larger files are read while they are sent, and are kept with no saved request.
MOST_INLINE_BYTES: Final = 4 * 1024 * 1024
NO_SECRET: Final = Secret("")
STAND_IN: Final = b"\0"


class Authentication(StrEnum):
    """What a request carries to say who asks."""

    NONE = "none"
    KEY = "key"
    BASIC = "basic"
    OAUTH = "oauth"


class BodyType(StrEnum):
    """How the body is typed."""

    NONE = "none"
    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"
    RAW = "raw"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FormPart:
    """One row of a multipart body.

    Attributes:
        text: The value, of a part that is no file.
        data: The file; None when it is not here any more, or was not sent along.
    """

    name: str = ""
    is_file: bool = False
    text: str = ""
    data: FileData | None = None
    filename: str = ""
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RequestForm:
    """The fields as they were typed.

    Attributes:
        request_id: The saved request that is being edited; empty for a new one.
        version: The version it had when the form was filled.
        key_id: The credential that is the API key; empty for one that is typed. As ``basic_id``.
        file: The body, when it is a file; None as for parts.
    """

    request_id: str = ""
    version: int = 0
    name: str = ""
    method: str = "GET"
    url: str = ""
    authentication: Authentication = Authentication.NONE
    connection_id: str = ""
    key_id: str = ""
    basic_id: str = ""
    certificate_id: str = ""
    authority_id: str = ""
    proxy_id: str = ""
    key_name: str = ""
    key_value: Secret = NO_SECRET
    key_placement: KeyPlacement = KeyPlacement.HEADER
    username: str = ""
    password: Secret = NO_SECRET
    query: Pairs = ()
    headers: Headers = ()
    body: BodyType = BodyType.NONE
    json_text: str = ""
    fields: Pairs = ()
    parts: tuple[FormPart, ...] = ()
    raw_text: str = ""
    raw_type: str = "text/plain"
    file: FileData | None = None
    file_name: str = ""
    file_type: str = BINARY_TYPE
    settings: RequestSettings = field(default_factory=RequestSettings)

    @property
    def connection(self) -> str | None:
        """The id of the connection whose token the request carries."""
        return self.connection_id or None if self.authentication is Authentication.OAUTH else None

    @property
    def changed(self) -> int:
        """How many of the folded settings differ from what most requests want."""
        travel = (self.certificate_id, self.authority_id, self.proxy_id)
        return self.settings.changed + sum(map(bool, travel))

    def files(self) -> tuple[FileData, ...]:
        """The files that the body as it is chosen is made of."""
        if self.body is BodyType.FILE:
            return () if self.file is None else (self.file,)
        if self.body is not BodyType.MULTIPART:
            return ()
        return tuple(each.data for each in self.parts if each.is_file and each.data is not None)

    @property
    def is_streamed(self) -> bool:
        """Whether the body is too large to be held in memory."""
        return sum(map(size_of, self.files())) > MOST_INLINE_BYTES

    def size(self) -> int:
        """About how many bytes of memory it takes to keep."""
        texts = (self.url, self.json_text, self.raw_text, *(each.text for each in self.parts))
        return sum(map(len, texts))

    def with_files_of(self, other: RequestForm | None) -> RequestForm:
        """The form with files that ``other`` has and that were not sent once more."""
        if other is None:
            return self
        had = {(each.name, each.filename): each.data for each in other.parts}
        parts = (
            replace(each, data=had.get((each.name, each.filename))) if each.data is None else each
            for each in self.parts
        )
        file = self.file
        if file is None and self.file_name == other.file_name:
            file = other.file
        return replace(self, parts=tuple(parts), file=file)

    def with_stand_ins(self) -> RequestForm:
        """The form with a byte in place of each file, for what shows a request without files."""
        parts = (
            replace(each, data=STAND_IN) if each.is_file and each.filename else each
            for each in self.parts
        )
        file = STAND_IN if self.file_name or self.file is not None else None
        return replace(self, parts=tuple(parts), file=file)

    def part_lines(self) -> tuple[str, ...]:
        """A line for each part of a multipart body, or for a file; none for other bodies."""
        if self.body is BodyType.FILE:
            return (_file_line(self.file_name or "file", self.file, self.file_type),)
        if self.body is not BodyType.MULTIPART:
            return ()
        return tuple(
            f"{each.name}: {_file_line(each.filename, each.data, each.media_type or BINARY_TYPE)}"
            if each.is_file
            else f"{each.name}: {each.text[:200]}"
            for each in self.parts
        )

    def upload(self, boundary: str) -> Upload | None:
        """The body when it is to be read while it is sent; ``boundary`` is 128 random bits."""
        if not self.is_streamed:
            return None
        if isinstance(self.file, KeptFile) and self.body is BodyType.FILE:
            return Upload(self.file.source, self.file_type.strip())
        return multipart_upload([_sent_part(each) for each in self.parts], boundary=boundary)

    def kept_spec(self) -> RequestSpec:
        """The request as it can be kept under a name; raises as ``spec``, and for large files."""
        if self.is_streamed:
            most = MOST_INLINE_BYTES // 1024**2
            raise InvalidInput(
                f"Files of more than {most} MB are not kept with a request.",
                field="File" if self.body is BodyType.FILE else "Parts",
                hint="Save it without them, and choose them for each run.",
            )
        return self.spec()

    def spec(self) -> RequestSpec:
        """The request that is meant.

        Raises:
            InvalidInput: A field is wrong; names it.
        """
        url = self.url.strip()
        if self.authentication is Authentication.OAUTH and not self.connection_id:
            raise InvalidInput(
                "No connection is chosen.",
                field="Connection",
                hint="Choose one, create one, or choose “No authentication”.",
            )
        if not url and self.connection is None:
            raise InvalidInput(
                "The URL is empty.", field="URL", hint="For example https://api.example.com/v1/me."
            )
        headers = tuple((name.strip(), value.strip()) for name, value in self.headers)
        if not all(name for name, _ in headers):
            raise InvalidInput(
                "A header has a value and no name.", field="Headers", hint="Name it or remove it."
            )
        return RequestSpec(
            method=self.method,
            url=url,
            headers=headers,
            query=self.query,
            content=None if self.is_streamed else self._content(),
            **self.settings.spec_fields(),
        )

    @property
    def credentials(self) -> CredentialIds:
        """The credentials that the request refers to."""
        chosen = {Authentication.KEY: self.key_id, Authentication.BASIC: self.basic_id}
        return CredentialIds(
            credential_id=chosen.get(self.authentication) or None,
            certificate_id=self.certificate_id or None,
            authority_id=self.authority_id or None,
            proxy_id=self.proxy_id or None,
        )

    def typed(self) -> RequestCredential | None:
        """What was typed to be carried instead of a token, and is kept under no name yet."""
        if self.authentication is Authentication.KEY and not self.key_id:
            return KeyCredential(
                name=self.key_name.strip(), value=self.key_value, placement=self.key_placement
            )
        if self.authentication is Authentication.BASIC and not self.basic_id:
            return BasicCredential(username=self.username, password=self.password)
        return None

    def extras(self) -> dict[str, Any]:
        """What is kept of the form beside the request itself."""
        return {"body": self.body.value, "file_name": self.file_name}

    def _content(self) -> Content | None:
        match self.body:
            case BodyType.NONE:
                return None
            case BodyType.JSON:
                if not self.json_text.strip():
                    raise InvalidInput(
                        "The JSON body is empty.", field="JSON", hint="Type it, or choose no body."
                    )
                try:
                    return json_text_content(self.json_text)
                except InvalidInput as error:
                    raise InvalidInput(error.message, field="JSON", hint=error.hint) from None
            case BodyType.FORM:
                return form_content(self.fields)
            case BodyType.MULTIPART:
                return multipart_content([_part(each) for each in self.parts])
            case BodyType.RAW:
                return Content(self.raw_text.encode(), self.raw_type.strip())
            case BodyType.FILE:
                if self.file is None:
                    raise _no_file("The body has no file.", self.file_name, "File")
                return Content(bytes_of(self.file), self.file_type.strip())


def _part(row: FormPart) -> Part:
    if not row.is_file:
        return text_part(row.name, row.text, media_type=row.media_type)
    return file_part(
        row.name,
        bytes_of(_data(row)),
        filename=row.filename,
        media_type=row.media_type or BINARY_TYPE,
    )


def _sent_part(row: FormPart) -> Part | SourcePart:
    if row.is_file and isinstance(data := _data(row), KeptFile):
        return SourcePart(row.name, data.source, row.filename, row.media_type or BINARY_TYPE)
    return _part(row)


def _data(row: FormPart) -> FileData:
    if row.data is None:
        raise _no_file(f"The part “{row.name}” has no file.", row.filename, "Parts")
    return row.data


def _no_file(message: str, filename: str, label: str) -> InvalidInput:
    what = f"“{filename}” again" if filename else "one"
    return InvalidInput(message, field=label, hint=f"Choose {what}.")


def _file_line(filename: str, data: FileData | None, media_type: str) -> str:
    size = f", {size_words(size_of(data))}" if data is not None else ""
    return f"{filename} ({media_type}{size})"
