"""A body in memory with its media type: JSON, a form, or any bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from grantline.calls.query import Pairs
from grantline.errors import InvalidInput
from grantline.messages import json_body

JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """The body of a request and its media type; bytes, so that it can be sent again.

    An empty media type leaves Content-Type out.
    """

    data: bytes
    media_type: str

    def __repr__(self) -> str:
        return f"Content({self.media_type}, {len(self.data)} B)"


def json_content(value: Any) -> Content:
    """``value`` as a JSON body."""
    return Content(json_body(value), JSON_TYPE)


def json_text_content(text: str) -> Content:
    """``text``, which is JSON already, unchanged.

    Raises:
        InvalidInput: It is not; says where it stops being JSON.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"The body stops being JSON in line {error.lineno}, column {error.colno}.",
            field="json",
            hint="Quote names and texts with double quotes.",
        ) from None
    except (ValueError, RecursionError):
        raise InvalidInput("The body is not JSON.", field="json") from None
    return Content(text.encode(), JSON_TYPE)


def form_content(fields: Pairs) -> Content:
    """``fields`` as a URL-encoded form."""
    return Content(urlencode(fields).encode("ascii"), FORM_TYPE)
