"""Reading WWW-Authenticate (RFC 9110 section 11.6.1): several challenges, any case, any spacing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from grantline.oauth.app.request_choices import Pairs

_TOKEN: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_OWS: Final = r"[ \t]*"
_SEPARATORS: Final = re.compile(r"[ \t,]*")
_SCHEME: Final = re.compile(rf"({_TOKEN})(?=[ \t,]|$)(?!{_OWS}=)")
_PARAMETER: Final = re.compile(
    rf'({_TOKEN}){_OWS}={_OWS}(?:({_TOKEN}(?=[ \t,]|$))|"((?:[^"\\]|\\.)*)")', re.DOTALL
)
_TOKEN68: Final = re.compile(r"[ \t]+([A-Za-z0-9._~+/-]+=*)(?=[ \t]*(?:,|$))")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way a server offers to be convinced.

    Attributes:
        scheme: In lower case: ``bearer``, ``dpop``, ``basic``.
        parameters: Names in lower case, values unquoted.
        token68: The single value of schemes such as Negotiate, instead of parameters.
    """

    scheme: str
    parameters: Pairs = ()
    token68: str = ""

    def parameter(self, name: str) -> str | None:
        """The first value of parameter ``name``, compared without case; None when absent."""
        wanted = name.lower()
        return next((value for key, value in self.parameters if key == wanted), None)


def parse_challenges(value: str) -> tuple[Challenge, ...]:
    """The challenges in one WWW-Authenticate field value.

    Never fails: a server's broken header ends the reading at the break, and what was read before
    it counts.
    """
    found: list[Challenge] = []
    at = _skip(value, 0)
    while scheme := _SCHEME.match(value, at):
        at = scheme.end()
        if token68 := _TOKEN68.match(value, at):
            found.append(Challenge(scheme.group(1).lower(), token68=token68.group(1)))
            at = _skip(value, token68.end())
            continue
        parameters: list[tuple[str, str]] = []
        at = _skip(value, at)
        while parameter := _PARAMETER.match(value, at):
            name, plain, quoted = parameter.groups()
            text = plain if plain is not None else _ESCAPE.sub(r"\1", quoted)
            parameters.append((name.lower(), text))
            at = _skip(value, parameter.end())
        found.append(Challenge(scheme.group(1).lower(), tuple(parameters)))
    return tuple(found)


def _skip(value: str, at: int) -> int:
    separators = _SEPARATORS.match(value, at)
    return separators.end() if separators else at
