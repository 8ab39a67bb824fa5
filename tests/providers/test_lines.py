"""Which line of a TOML text a key stands on."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from grantline.providers.lines import Path, key_lines, line_of

TEXT = '''\
title = "Example"
hosts = [
    "a.example",  # with ] in a comment
    "fake = 1",
]
long = """
title = "not a key"
"""
[settings]
token_uri = "https://a.example/[token]"
authorize_parameters = { access_type = "offline" }

[settings.response]
"dotted.name" = 1
a.b = 2

[[traps]]
what = "first"

[[traps]]
why = "second"
'''


def test_each_key_and_table_has_its_line() -> None:
    assert key_lines(TEXT) == {
        ("title",): 1,
        ("hosts",): 2,
        ("long",): 6,
        ("settings",): 9,
        ("settings", "token_uri"): 10,
        ("settings", "authorize_parameters"): 11,
        ("settings", "response"): 13,
        ("settings", "response", "dotted.name"): 14,
        ("settings", "response", "a", "b"): 15,
        ("traps",): 17,
        ("traps", 0): 17,
        ("traps", 0, "what"): 18,
        ("traps", 1): 20,
        ("traps", 1, "why"): 21,
    }


def test_what_has_no_line_has_that_of_the_table_around_it() -> None:
    lines = key_lines(TEXT)

    assert line_of(lines, ("settings", "authorize_parameters", "access_type")) == 11
    assert line_of(lines, ("settings", "missing")) == 9
    assert line_of(lines, ("missing",)) == 1


KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text(st.characters(codec="ascii"), max_size=8)),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + "".join(f"  {_toml(each)},\n" for each in value) + "]"
    if isinstance(value, str):
        shown = "".join(
            each if each.isprintable() else f"\\u{ord(each):04x}"
            for each in (value.replace("\\", "\\\\").replace('"', '\\"'))
        )
        return f'"{shown}"'
    return str(value).lower()


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=3))
def test_every_key_of_any_file_is_found_where_it_was_written(
    tables: dict[str, dict[str, Any]],
) -> None:
    lines: list[str] = []
    written: dict[Path, int] = {}
    for table, values in tables.items():
        lines += [f"[{table}]"]
        written[table,] = len(lines)
        for key, value in values.items():
            written[table, key] = len(lines) + 1
            lines += f"{key} = {_toml(value)}".split("\n")
    text = "\n".join(lines)

    assert tomllib.loads(text) == tables
    assert key_lines(text) == written
