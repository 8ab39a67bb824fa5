"""What a person typed into *Make a request*, and the request that it means.

The form keeps everything typed, also what the chosen authentication type and body do not use: who
changes his mind finds it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from grantline.calls.multipart import BINARY_TYPE, Part, file_part, multipart_content, text_part
from grantline.calls.query import Pairs
from grantline.calls.request import (
    Content,
    RequestSpec,
    form_content,
    json_text_content,
)
from grantline.connections.credential import CredentialIds
from grantline.connections.credentials import (
    BasicCredential,
    KeyCredential,
    KeyPlacement,
    RequestCredential,
)
from grantline.errors import InvalidInput
from grantline.messages import Headers, first_value
from grantline.secret import Secret

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
LONGEST_TIMEOUT: Final = 300
NO_SECRET: Final = Secret("")
NO_COMPRESSION: Final = ("Accept-Encoding", "identity")


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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FormPart:
    """One row of a multipart body.

    Attributes:
        text: The value, of a part that is no file.
        data: The bytes of the file; None when they are not here any more, or not sent along.
    """

    name: str = ""
    is_file: bool = False
    text: str = ""
    data: bytes | None = None
    filename: str = ""
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RequestForm:
    """The fields as they were typed.

    Attributes:
        request_id: The saved request that is being edited; empty for a new one.
        version: The version it had when the form was filled.
        key_id: The credential that is the API key; empty for one that is typed. As ``basic_id``.
        raw_data: A body that is no text, from elsewhere; used while ``raw_text`` is empty.
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
    raw_data: bytes | None = None
    parse_response: bool = True
    fail_on_status: bool = True
    timeout: str = ""
    follow_redirects: bool = True
    compressed: bool = True

    @property
    def connection(self) -> str | None:
        """The id of the connection whose token the request carries."""
        return self.connection_id or None if self.authentication is Authentication.OAUTH else None

    def files(self) -> tuple[bytes, ...]:
        """The files of the form."""
        found = (each.data for each in self.parts if each.is_file)
        return tuple(each for each in (*found, self.raw_data) if each is not None)

    def size(self) -> int:
        """About how many bytes it takes to keep."""
        texts = (self.url, self.json_text, self.raw_text, *(each.text for each in self.parts))
        return sum(map(len, (*texts, *self.files())))

    def with_files_of(self, other: RequestForm | None) -> RequestForm:
        """The form with files that ``other`` has and that were not sent once more."""
        had = {(each.name, each.filename): each.data for each in other.parts} if other else {}
        parts = (
            replace(each, data=had.get((each.name, each.filename))) if each.data is None else each
            for each in self.parts
        )
        return replace(self, parts=tuple(parts))

    def with_stand_ins(self) -> RequestForm:
        """The form with an empty file where one is chosen that a preview does not send along."""
        parts = (
            replace(each, data=b"") if each.filename and each.data is None else each
            for each in self.parts
        )
        return replace(self, parts=tuple(parts))

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
        if not self.compressed and first_value(headers, NO_COMPRESSION[0]) is None:
            headers = (*headers, NO_COMPRESSION)
        return RequestSpec(
            method=self.method,
            url=url,
            headers=headers,
            query=self.query,
            content=self._content(),
            follow_redirects=self.follow_redirects,
            timeout=self._timeout(),
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
        return {
            "parse_response": self.parse_response,
            "fail_on_status": self.fail_on_status,
            "body": self.body.value,
        }

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
                if not self.raw_text and self.raw_data is not None:
                    return Content(self.raw_data, self.raw_type.strip())
                return Content(self.raw_text.encode(), self.raw_type.strip())

    def _timeout(self) -> timedelta | None:
        text = self.timeout.strip()
        if not text:
            return None
        if not text.isdecimal() or not 1 <= int(text) <= LONGEST_TIMEOUT:
            raise InvalidInput(
                f"“{text}” is not a whole number from 1 to {LONGEST_TIMEOUT}.",
                field="Timeout",
                hint=f"Empty means {LONGEST_TIMEOUT} s.",
            )
        return timedelta(seconds=int(text))


def _part(row: FormPart) -> Part:
    if not row.is_file:
        return text_part(row.name, row.text, media_type=row.media_type)
    if row.data is None:
        what = f"“{row.filename}”" if row.filename else "the file"
        raise InvalidInput(
            f"The part “{row.name}” has no file.",
            field="Parts",
            hint=f"Choose {what} again.",
        )
    return file_part(
        row.name, row.data, filename=row.filename, media_type=row.media_type or BINARY_TYPE
    )
