"""What a field of the form is: a setting, shown and read by its kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grantline.connections.labels import label_of
from grantline.oauth.app.settings import FlowType

Options = tuple[tuple[str, str], ...]


class Kind(StrEnum):
    """What a field holds, and so how it is shown and read."""

    TEXT = "text"
    URI = "uri"
    API_URL = "api-url"
    CHOICE = "choice"
    SWITCH = "switch"
    PAIRS = "pairs"
    NAMED_LISTS = "named-lists"
    LINES = "lines"
    WORDS = "words"
    NUMBERS = "numbers"
    SECONDS = "seconds"


EVERY: Final = tuple(FlowType)
BROWSER: Final = (FlowType.AUTHORIZATION_CODE, FlowType.IMPLICIT)
CODE: Final = (FlowType.AUTHORIZATION_CODE,)
BACK_CHANNEL: Final = tuple(flow for flow in FlowType if flow is not FlowType.IMPLICIT)
ASKS_FOR_CONSENT: Final = (*BROWSER, FlowType.DEVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One setting.

    Attributes:
        name: Of the setting; also of the input.
        help: One line.
        example: What a value looks like.
        options: Of a choice: value and words.
        flows: The flow types that make use of it; it is shown for these.
    """

    name: str
    kind: Kind = Kind.TEXT
    help: str
    example: str = ""
    options: Options = ()
    flows: tuple[FlowType, ...] = EVERY

    @property
    def label(self) -> str:
        """As people and errors call it."""
        return label_of(self.name)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together, under a heading."""

    title: str
    fields: tuple[FormField, ...]
    flows: tuple[FlowType, ...] = EVERY
