"""The way back to where a person came from, such as a request that is being filled in."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from grantline.errors import GrantlineError
from grantline.url import local_path


def return_path(given: object) -> str:
    """``given`` as a path of ours to go back to; empty when it is none (requirement A16)."""
    if not isinstance(given, str) or not given:
        return ""
    try:
        return local_path(given)
    except GrantlineError:
        return ""


def with_choice(path: str, name: str, chosen_id: str) -> str:
    """``path`` with what was made chosen under ``name``; empty when there is no way back."""
    if not path:
        return ""
    place, _, query = path.partition("?")
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != name]
    return f"{place}?{urlencode([*kept, (name, chosen_id)])}"
