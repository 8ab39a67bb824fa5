"""A catalogue file as a ``Profile``, and every mistake in one with its line, field and remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar

from grantline.calls.attempts.rate_limit import RateLimitRules, parse_budget
from grantline.calls.attempts.retry import RetryRules
from grantline.calls.pagination import Pagination, check_pagination
from grantline.calls.service_rules import ServiceRules
from grantline.calls.statuses import parse_statuses
from grantline.codec import from_plain, to_plain
from grantline.errors import ConfigurationError, InvalidInput
from grantline.oauth.app.app_rules import IdentityRules, Input
from grantline.oauth.app.inputs import checked_inputs
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.providers.lines import Path, key_lines, line_of
from grantline.providers.objections import objections
from grantline.providers.profile import Category, Profile, Trap

T = TypeVar("T")

MOST_BASES: Final = 3

_PLAIN_KEYS: Final = (
    *("title", "categories", "checked", "based_on", "flow", "console", "steps"),
    *("documentation", "hosts", "default_scopes"),
)
_TABLES: Final = (
    *("scopes", "inputs", "settings", "identity", "retry", "rate_limit", "pagination", "traps"),
)
_REQUIRED: Final = (
    *("title", "categories", "console", "steps", "documentation", "hosts", "settings"),
)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_INPUT_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a catalogue file.

    Attributes:
        line: From 1.
        field: Dotted, from the root of the file: ``settings.token_uri``.
        message: What is wrong, one sentence.
        hint: The allowed values, or what to do; empty when the message says it all.
    """

    line: int
    field: str
    message: str
    hint: str = ""


def parse_profile(name: str, text: str, *, base: Callable[[str], str]) -> Profile:
    """The entry that ``text``, a catalogue file, describes.

    Args:
        name: The file's name, without its ending.
        text: TOML.
        base: Gives the text of an entry that this one may be based on.

    Raises:
        ConfigurationError: It has a mistake; the message names line and field.
    """
    entry, mistakes = read_entry(name, text, base=base)
    if entry is None:
        first = mistakes[0]
        raise ConfigurationError(
            f"The catalogue entry {name}, line {first.line}, {first.field}: {first.message}",
            hint=first.hint,
        )
    return entry


def read_entry(
    name: str, text: str, *, base: Callable[[str], str]
) -> tuple[Profile | None, list[Mistake]]:
    """The entry that ``text`` describes, or None and what is wrong with it."""
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        message = f"This is not TOML: {error}."
        return None, [Mistake(int(line[1]) if line else 1, "file", message)]
    reader = _Reader(name, text, plain, base)
    entry = reader.read()
    return (None if reader.mistakes else entry), reader.mistakes


class _Reader:
    """One file, while it is read; mistakes are collected, so that all are told at once."""

    def __init__(
        self, name: str, text: str, plain: Mapping[str, Any], base: Callable[[str], str]
    ) -> None:
        self.name = name
        self.own = plain
        self.base = base
        self.lines = key_lines(text)
        self.mistakes: list[Mistake] = []

    def wrong(self, path: Path, message: str, hint: str = "") -> None:
        field = ".".join(str(part) for part in path) or "file"
        self.mistakes.append(Mistake(line_of(self.lines, path), field, message, hint))

    def read(self) -> Profile | None:
        if not _NAME.fullmatch(self.name):
            self.wrong((), "The file's name is not lower-case letters, digits and hyphens.")
        try:
            plain = merged(self.own, self.base)
        except ConfigurationError as error:
            self.wrong(("based_on",), error.message, error.hint)
            return None
        self._check_keys(plain)
        settings = self._settings(plain)
        entry = Profile(
            name=self.name,
            title=self._text(plain, "title"),
            categories=tuple(
                each
                for each in (
                    self._choice(Category, word, ("categories",))
                    for word in self._list(plain, "categories")
                )
                if each
            ),
            settings=_without_client(settings) if settings else {},
            flow=self._choice(FlowType, plain.get("flow", FlowType.AUTHORIZATION_CODE), ("flow",))
            or FlowType.AUTHORIZATION_CODE,
            scopes=self._scopes(plain),
            default_scopes=self._list(plain, "default_scopes"),
            hosts=self._list(plain, "hosts"),
            console=self._text(plain, "console"),
            steps=self._list(plain, "steps"),
            documentation=self._list(plain, "documentation"),
            checked=self._date(plain),
            traps=tuple(self._traps(plain)),
            calls=self._calls(plain),
            based_on=plain.get("based_on", ""),
        )
        if settings and not self.mistakes:
            for path, message, hint in objections(entry, settings):
                self.wrong(path, message, hint)
        return entry

    def _check_keys(self, plain: Mapping[str, Any]) -> None:
        for key in self.own:
            if key not in (*_PLAIN_KEYS, *_TABLES):
                self.wrong(
                    (key,),
                    f"There is no key named {key}.",
                    f"Keys: {', '.join(_PLAIN_KEYS)}. Tables: {', '.join(_TABLES)}.",
                )
        for key in _REQUIRED:
            if not plain.get(key):
                self.wrong(
                    (), f"The key {key} is missing or empty.", "docs/providers.md says more."
                )

    def _text(self, plain: Mapping[str, Any], key: str) -> str:
        value = plain.get(key, "")
        if not isinstance(value, str):
            self.wrong((key,), f"{key} is not a text.", f'Write {key} = "…".')
            return ""
        return value

    def _list(self, plain: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = plain.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong((key,), f"{key} is not a list of texts.", f'Write {key} = ["…", "…"].')
            return ()
        return tuple(value)

    def _scopes(self, plain: Mapping[str, Any]) -> dict[str, str]:
        table = plain.get("scopes", {})
        if not isinstance(table, dict):
            self.wrong(("scopes",), "scopes is not a table.", "Begin it with [scopes].")
            return {}
        for name, value in table.items():
            if not isinstance(value, str) or not value:
                self.wrong(("scopes", name), "A scope needs one line of explanation.")
        return {name: value for name, value in table.items() if isinstance(value, str)}

    def _date(self, plain: Mapping[str, Any]) -> date | None:
        value = plain.get("checked")
        if value is not None and type(value) is not date:
            self.wrong(("checked",), "checked is not a date.", "Write checked = 2026-11-29.")
            return None
        return value

    def _choice(self, kind: type[T], word: object, path: Path) -> T | None:
        try:
            return kind(word)  # type: ignore[call-arg]
        except ValueError:
            allowed = ", ".join(kind)  # type: ignore[arg-type]
            self.wrong(path, f"{word!r} is not a value of {path[0]}.", f"Use: {allowed}.")
            return None

    def _table(self, plain: Mapping[str, Any], key: str, kind: type[T], *at: str) -> T | None:
        path = (key, *at)
        return self._value(kind, plain.get(key, {}), path)

    def _calls(self, plain: Mapping[str, Any]) -> ServiceRules:
        pages = self._table(plain, "pagination", Pagination) if "pagination" in plain else None
        rules = ServiceRules(
            retry=self._table(plain, "retry", RetryRules) or RetryRules(),
            rate_limit=self._table(plain, "rate_limit", RateLimitRules) or RateLimitRules(),
            pagination=pages,
        )
        limited = rules.retry.limited_statuses
        checks: list[tuple[str, Callable[[], object]]] = [
            ("pagination", lambda: pages and check_pagination(pages)),
            (
                "retry",
                lambda: parse_statuses(limited, field="limited_statuses"),
            ),
        ]
        if budget := rules.rate_limit.budget:
            checks.append(("rate_limit", lambda: parse_budget(budget, field="budget")))
        for table, check in checks:
            try:
                check()
            except InvalidInput as error:
                self.wrong((table, error.field), error.message, error.hint)
        return rules

    def _value(self, kind: type[T], table: object, path: Path) -> T | None:
        if not isinstance(table, Mapping):
            self.wrong(path, f"{path[0]} is not a table.", f"Begin it with [{path[0]}].")
            return None
        try:
            return from_plain(kind, table)
        except InvalidInput as error:
            self.wrong((*path, *error.field.split(".")), error.message, error.hint)
            return None

    def _traps(self, plain: Mapping[str, Any]) -> Iterator[Trap]:
        tables = plain.get("traps", [])
        if not isinstance(tables, list):
            self.wrong(("traps",), "traps is not a list of tables.", "Begin each with [[traps]].")
            return
        inherited = len(tables) - len(self.own.get("traps", []))
        for number, table in enumerate(tables):
            trap = self._value(Trap, table, ("traps", number - inherited))
            if trap:
                yield trap

    def _settings(self, plain: Mapping[str, Any]) -> AppSettings | None:
        table = plain.get("settings", {})
        if not isinstance(table, dict):
            self.wrong(("settings",), "settings is not a table.", "Begin it with [settings].")
            return None
        for name, where in (("inputs", "[inputs.NAME]"), ("identity", "[identity]")):
            if name in table:
                self.wrong(("settings", name), f"{name} does not belong here.", f"Write {where}.")
                return None
        client_id = table.get("client_id", "of-the-connection")
        settings = self._value(AppSettings, {**table, "client_id": client_id}, ("settings",))
        identity = self._table(plain, "identity", IdentityRules)
        if settings is None or identity is None:
            return None
        inputs = tuple(self._inputs(plain))
        return replace(settings, inputs=inputs, identity=identity)

    def _inputs(self, plain: Mapping[str, Any]) -> Iterator[Input]:
        tables = plain.get("inputs", {})
        if not isinstance(tables, dict):
            self.wrong(("inputs",), "inputs is not a table.", "Begin each with [inputs.NAME].")
            return
        for name, table in tables.items():
            path = ("inputs", name)
            if not _INPUT_NAME.fullmatch(name):
                self.wrong(path, f"{name} is no name of an input.", "Use a to z, 0 to 9 and _.")
                continue
            if not isinstance(table, dict):
                self.wrong(path, f"{name} is not a table.", f"Begin it with [inputs.{name}].")
                continue
            asked = self._value(Input, {**table, "name": name}, path)
            if asked is None:
                continue
            if not (asked.help and (asked.example or asked.choices or asked.default)):
                self.wrong(path, "An input needs help and an example.", "Or a default, or choices.")
                continue
            try:
                re.compile(asked.pattern)
                checked_inputs((asked,), {name: asked.example} if asked.example else {})
            except re.error as error:
                self.wrong((*path, "pattern"), f"This is no regular expression: {error}.")
            except InvalidInput:
                if asked.example or asked.default:
                    self.wrong((*path, "example"), "The example does not fit its own rules.")
            yield asked


def merged(plain: Mapping[str, Any], base: Callable[[str], str], depth: int = 0) -> dict[str, Any]:
    """``plain`` on top of the entry it is based on: tables key by key, traps added, the rest new.

    Raises:
        ConfigurationError: There is no such entry, or the chain of entries is too long.
    """
    name = plain.get("based_on")
    if not name:
        return dict(plain)
    if depth == MOST_BASES:
        raise ConfigurationError(
            "Entries are based on each other too often.", hint=f"At most {MOST_BASES} times."
        )
    below = merged(tomllib.loads(base(str(name))), base, depth + 1)
    return {**_over(below, plain), "traps": [*below.get("traps", []), *plain.get("traps", [])]}


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **below,
        **{
            key: _over(below[key], value)
            if isinstance(value, dict) and isinstance(below.get(key), dict)
            else value
            for key, value in above.items()
        },
    }


def _without_client(settings: AppSettings) -> dict[str, Any]:
    return {name: value for name, value in to_plain(settings).items() if name != "client_id"}
