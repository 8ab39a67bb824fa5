"""Filters for texts, and tests of them. None takes a pattern: those can run for ever."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from grantline.calls.expressions.operators import contains
from grantline.calls.expressions.values import MOST_ITEMS, as_text, room
from grantline.calls.expressions.wording import Refused, kind_of

_NO_SLUG: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG: Final = 10_000
_MOST_COMPARISONS: Final = 1_000_000
_BLANKS: Final = re.compile(r"\s+")


def text_of(value: Any, what: str = "This filter") -> str:
    """``value`` as the text that a filter works on: a number or truth value as it is written."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, list | dict):
        raise Refused(f"{what} needs a text, and this is {kind_of(value)}.")
    return as_text(value)


def whole(value: Any, what: str, *, least: int = 0) -> int:
    """``value`` as a whole number of something."""
    if type(value) is not int or value < least:
        raise Refused(f"{what} should be a whole number from {least}, and is {kind_of(value)}.")
    return value


def upper(value: Any) -> str:
    """In capital letters."""
    return text_of(value).upper()


def lower(value: Any) -> str:
    """In small letters."""
    return text_of(value).lower()


def title(value: Any) -> str:
    """Each word with a capital letter."""
    # str.title() makes "They'Re".
    return re.sub(r"\S+", lambda word: word[0].capitalize(), text_of(value))


def capitalize(value: Any) -> str:
    """The first letter a capital one, the rest as it is."""
    text = text_of(value)
    return text[:1].upper() + text[1:]


def trim(value: Any, characters: Any = None) -> str:
    """Without blanks, or without these characters, at both ends."""
    return text_of(value).strip(None if characters is None else text_of(characters))


def replace(value: Any, old: Any, new: Any) -> str:
    """Every ``old`` made ``new``."""
    text, before, after = text_of(value), text_of(old), text_of(new)
    if not before:
        raise Refused("replace needs a text that is to be replaced, and it is empty.")
    if len(after) > len(before):
        room(len(text) + text.count(before) * (len(after) - len(before)))
    return text.replace(before, after)


def split(value: Any, separator: Any = None) -> list[str]:
    """A list of what stands between the separators, or between blanks."""
    text = text_of(value)
    if separator is None:
        parts = text.split()
    else:
        mark = text_of(separator)
        if not mark:
            raise Refused("split needs a separator, and it is empty.")
        if text.count(mark) >= MOST_ITEMS:
            raise Refused(f"This makes a list of more than {MOST_ITEMS:,} items.")
        parts = text.split(mark)
    return parts


def lines(value: Any) -> list[str]:
    """A list of the lines, without their ends."""
    return text_of(value).splitlines()


def before(value: Any, mark: Any) -> str:
    """What stands before the first ``mark``; all of it where there is none."""
    return text_of(value).partition(_mark(mark))[0]


def after(value: Any, mark: Any) -> str:
    """What stands after the first ``mark``; nothing where there is none."""
    return text_of(value).partition(_mark(mark))[2]


def truncate(value: Any, length: Any, end: Any = "...") -> str:
    """At most so many characters; what is cut ends with ``end``."""
    text, most, tail = text_of(value), whole(length, "The length"), text_of(end)
    return text if len(text) <= most else text[: max(most - len(tail), 0)] + tail[:most]


def pad_left(value: Any, width: Any, filler: Any = " ") -> str:
    """At least so wide, filled up at the left."""
    return text_of(value).rjust(_width(width), _single(filler))


def pad_right(value: Any, width: Any, filler: Any = " ") -> str:
    """At least so wide, filled up at the right."""
    return text_of(value).ljust(_width(width), _single(filler))


def slug(value: Any) -> str:
    """Small letters, digits and hyphens: for addresses and file names."""
    text = text_of(value)
    if len(text) > _LONGEST_SLUG:
        raise Refused("This text is too long for a name.", "Take a part of it: truncate(100, '').")
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return _NO_SLUG.sub("-", plain).strip("-")


def squeeze(value: Any) -> str:
    """Each run of blanks and line ends made one blank, none at the ends."""
    return _BLANKS.sub(" ", text_of(value)).strip()


def like(value: Any, pattern: Any) -> bool:
    """Whether all of it fits: ``*`` stands for anything, ``?`` for one character."""
    text, mask = text_of(value, "like"), text_of(pattern)
    # What a star stands for is looked for from each place in the text.
    if "*" in mask and len(text) * len(mask) > _MOST_COMPARISONS:
        raise Refused("The text and the pattern are too long to be compared.")
    return _fits(text, mask)


def _fits(text: str, mask: str) -> bool:
    # Two pointers and the last star: no recursion, and nothing is tried more than once per star.
    at, place, star, kept = 0, 0, -1, 0
    while at < len(text):
        if place < len(mask) and mask[place] == "*":
            star, kept = place, at
            place += 1
        elif place < len(mask) and mask[place] in {text[at], "?"}:
            at += 1
            place += 1
        elif star >= 0:
            kept += 1
            at, place = kept, star + 1
        else:
            return False
    return not mask[place:].strip("*")


def _mark(value: Any) -> str:
    mark = text_of(value)
    if not mark:
        raise Refused("The mark to look for is empty.")
    return mark


def _width(value: Any) -> int:
    width = whole(value, "The width")
    room(width)
    return width


def _single(value: Any) -> str:
    filler = text_of(value)
    if len(filler) != 1:
        raise Refused("The text to fill up with should be one character.")
    return filler


TEXTS: Final[dict[str, Callable[..., Any]]] = {
    "upper": upper,
    "lower": lower,
    "title": title,
    "capitalize": capitalize,
    "trim": trim,
    "squeeze": squeeze,
    "replace": replace,
    "split": split,
    "lines": lines,
    "before": before,
    "after": after,
    "truncate": truncate,
    "pad_left": pad_left,
    "pad_right": pad_right,
    "slug": slug,
}

OF_TEXTS: Final[dict[str, Callable[..., Any]]] = {
    "starts_with": lambda value, begin: text_of(value, "starts_with").startswith(text_of(begin)),
    "ends_with": lambda value, end: text_of(value, "ends_with").endswith(text_of(end)),
    "containing": contains,
    "like": like,
}
