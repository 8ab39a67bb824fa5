from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.oauth.tokens.scope import is_reduced, join_scope, split_scope

SCOPES = st.lists(st.text("abc.:/", min_size=1), min_size=1, unique=True).map(tuple)


@pytest.mark.parametrize(
    ("value", "separator", "scopes"),
    [
        ("read  write\n", " ", ("read", "write")),
        ("read,write", " ", ("read,write",)),
        ("read, write", ",", ("read", "write")),
        ("read read", " ", ("read",)),
        (["a b", 4], " ", ("a b", "4")),
        ("", " ", None),
        ([], " ", None),
        (None, " ", None),
        ({"a": 1}, " ", None),
        ("a|b^c", "|", ("a", "b^c")),
        ("a^b", "^", ("a", "b")),
        ("a]b", "]", ("a", "b")),
    ],
)
def test_scopes_are_split_at_blanks_and_at_the_separator_of_the_service(
    value: Any, separator: str, scopes: tuple[str, ...] | None
) -> None:
    assert split_scope(value, separator) == scopes


@given(SCOPES, st.sampled_from([" ", ",", ";", "+"]))
def test_what_is_joined_is_split_back(scopes: tuple[str, ...], separator: str) -> None:
    assert split_scope(join_scope(scopes, separator), separator) == scopes


def test_less_than_asked_is_reduced_and_silence_is_not() -> None:
    assert is_reduced(("read",), ("read", "write"))
    assert not is_reduced(("write", "read", "more"), ("read", "write"))
    assert not is_reduced(None, ("read",))
