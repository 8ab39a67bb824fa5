"""Where a request goes: a base URL with a relative path, and templates with values put in.

Neither a path nor a value may change the host. Both are often data from somewhere else, and the
host decides who gets the token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from grantline.errors import EgressBlocked, InvalidInput
from grantline.url import parse_url

# One label of a host name: a subdomain, a shop, a region.
LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# One segment of a path; never only dots.
SEGMENT: Final = r"(?!\.{1,2}$)[A-Za-z0-9._~-]+"

_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_RELATIVE = re.compile(r"/(?!/)|\?|[A-Za-z0-9_~][A-Za-z0-9._~-]*(?:[/?]|$)|$")
_DOT_SEGMENT = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?=[/?#]|$)", re.IGNORECASE)


# Cached because a program asks for the same few targets again and again.
@lru_cache(maxsize=1024)
def join_target(base: str, target: str) -> str:
    """``target`` under ``base``: ``https://api.example/v1`` and ``/users?page=2``, say.

    A ``target`` that is a whole http(s) URL stands as it is: the host list decides about it.

    Raises:
        EgressBlocked: ``host_changed`` when a relative target would mean another host,
            ``dot_segment`` when it climbs out of the base, or a rule of `parse_url`.
    """
    if not base and re.match(r"/(?!/)|\?|$", target):
        raise EgressBlocked(
            "The URL is relative, and there is no base URL that it could begin at.",
            rule="scheme",
            hint="Write the whole URL, or give the connection a base URL.",
        )
    if _ABSOLUTE.match(target) or not base:
        return str(parse_url(target))
    root = parse_url(base)
    if _DOT_SEGMENT.search(target.partition("?")[0]):
        raise EgressBlocked(
            "The path climbs out of the base URL.",
            rule="dot_segment",
            hint="Write the whole path without . and .. segments.",
        )
    # "//host", "@host", ":80" and ".host" mean another place once they are appended.
    if not _RELATIVE.match(target):
        raise EgressBlocked(
            "The path would change the host.",
            rule="host_changed",
            hint="Begin the path with one slash.",
        )
    if not target:
        return str(root)
    if target[0] == "?":
        return str(parse_url(f"{root.origin}{root.path}{target}"))
    return str(parse_url(f"{root.origin}{root.path.rstrip('/')}/{target.removeprefix('/')}"))


def fill_template(
    template: str, values: Mapping[str, str], patterns: Mapping[str, str] | None = None
) -> str:
    """``template`` with each ``{name}`` replaced by its value: ``https://{shop}.example/admin``.

    Args:
        template: A URL with variables.
        values: What was entered for each.
        patterns: Regular expressions that a value must match in full, from the provider profile.
            Without one, a value in the host is one label, and elsewhere one path segment.

    Raises:
        EgressBlocked: ``variable_pattern``: a value does not match.
        InvalidInput: A variable has no value.
    """
    host_end = re.search(r"(?<![:/])[/?#]|$", template)
    end = host_end.start() if host_end else len(template)

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise InvalidInput(f"The URL needs a value for {name}.", field=name)
        pattern = (patterns or {}).get(name) or (LABEL if match.start() < end else SEGMENT)
        if not re.fullmatch(pattern, values[name]):
            raise EgressBlocked(
                f"The value of {name} does not fit into the URL.",
                rule="variable_pattern",
                address=name,
                hint="Give only the part that belongs there, such as the shop's name.",
            )
        return values[name]

    return _VARIABLE.sub(value_of, template)
