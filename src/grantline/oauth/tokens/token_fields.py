"""Where a service puts the fields of a token set: by RFC 6749's names, or by the app's rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grantline.oauth.app.response_rules import ResponseRules

_SCOPE_NAMES: Final = ("scope", "scopes")
TOKEN_NAMES: Final = ("access_token", "refresh_token", "id_token", "token_type", *_SCOPE_NAMES)
_STEP: Final = re.compile(r"[^.\[\]]+")
_LIFETIME_NAMES: Final = ("expires_in", "expires_at", "expires")


@dataclass(frozen=True, slots=True, repr=False)
class TokenFields:
    """The object of an answer that holds one token set, and the whole answer around it.

    Attributes:
        root: The whole answer.
        fields: The object in it that holds the token fields; empty when it is not there.
        rules: The names a service uses.
    """

    root: Mapping[str, Any]
    fields: Mapping[str, Any]
    rules: ResponseRules

    @classmethod
    def of(cls, root: Mapping[str, Any], rules: ResponseRules) -> TokenFields:
        """The token fields of an answer."""
        held = look_up(root, rules.token_path) if rules.token_path else root
        return cls(root, held if isinstance(held, dict) else {}, rules)

    @property
    def access_token(self) -> Any:
        """The access token's value, whatever it is."""
        return self.find(self.rules.access_token or "access_token")

    @property
    def refresh_token(self) -> Any:
        """The refresh token's value, whatever it is."""
        return self.find(self.rules.refresh_token or "refresh_token")

    @property
    def scope(self) -> Any:
        """The granted scope's value, whatever it is."""
        names = (self.rules.scope,) if self.rules.scope else _SCOPE_NAMES
        return next((found for found in map(self.find, names) if found is not None), None)

    def find(self, name: str) -> Any:
        """The value of ``name``, a field or a dotted path; None when it is not there.

        The camel-case spelling counts where the RFC's own is absent.
        """
        value = look_up(self.fields, name)
        return self.fields.get(_camel(name)) if value is None else value

    def single_names(self) -> frozenset[str]:
        """Every name that must not come twice with two meanings."""
        return self.names().union(_LIFETIME_NAMES)

    def names(self) -> frozenset[str]:
        """Every name that a token field may have here."""
        rules = self.rules
        own = {rules.access_token, rules.refresh_token, rules.scope, rules.expires_at}
        own = (own | {rules.expires_in, rules.refresh_expires_in}) - {""}
        names = {*TOKEN_NAMES, *(path.rpartition(".")[2] for path in own)}
        return frozenset(names | {_camel(name) for name in names})

    def remainder(self, used: frozenset[str]) -> dict[str, Any]:
        """What the answer says besides the token fields and the names ``used``."""
        used |= self.names()
        used |= {_camel(name) for name in used}
        rest = {name: value for name, value in self.fields.items() if name not in used}
        if self.fields is not self.root:
            top = self.rules.token_path.partition(".")[0]
            rest = {
                **{name: value for name, value in self.root.items() if name not in used | {top}},
                **rest,
            }
        second = rest.get(self.rules.secondary_path)
        if isinstance(second, dict):
            kept = {name: value for name, value in second.items() if name not in used}
            rest[self.rules.secondary_path] = kept
        return rest


def look_up(fields: Any, path: str) -> Any:
    """The value at ``path`` (``users[0].id``); a field whose own name has dots comes first."""
    if isinstance(fields, Mapping) and path in fields:
        return fields[path]
    value: Any = fields
    for name in _STEP.findall(path):
        if isinstance(value, list) and name.isdecimal():
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
