"""App settings as Hypothesis makes them: any value of the right type in a few of the fields."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any, cast, get_type_hints

from hypothesis import strategies as st

from grantline.oauth.app.app_rules import Input
from grantline.oauth.app.settings import AppSettings

MOST_FIELDS = 5
TEXT = st.text(max_size=10)
# JSON carries seconds, and a float of them has room for milliseconds in any span we keep.
SPANS = st.integers(0, 10**12).map(lambda number: timedelta(milliseconds=number))


def _strategy(hint: Any) -> st.SearchStrategy[Any]:
    if hint is str:
        return TEXT
    if is_dataclass(hint):
        return values_of(cast("type", hint))
    if hint == tuple[Input, ...]:
        made = st.builds(Input, name=TEXT, label=TEXT, pattern=TEXT, choices=st.tuples(TEXT))
        return st.lists(made, max_size=2).map(tuple)
    return st.from_type(hint)


@st.composite
def values_of(draw: st.DrawFn, kind: type) -> Any:
    """A value of a settings dataclass with some of its fields set."""
    hints = get_type_hints(kind)
    names = st.lists(st.sampled_from([each.name for each in fields(kind)]), max_size=MOST_FIELDS)
    given = {name: draw(_strategy(hints[name])) for name in draw(names)}
    if kind is AppSettings:
        given.setdefault("client_id", "c")
    return kind(**given)


st.register_type_strategy(timedelta, SPANS)
APP_SETTINGS: st.SearchStrategy[AppSettings] = values_of(AppSettings)
