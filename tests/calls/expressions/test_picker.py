"""The paths that a bundle offers."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.expressions import Offer, fill, paths_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_paths_are_in_the_order_of_the_bundle_with_kind_sample_and_length() -> None:
    bundle = {
        "status": 200,
        "headers": {"content-type": "text/plain"},
        "data": {"items": [{"id": 7}, {"id": 8}], "none": None, "ok": True, "empty": []},
    }

    found = paths_of(bundle, "1")

    assert found[0] == Offer(
        expression="1.status", name="status", depth=1, kind="number", sample="200"
    )
    assert [(each.expression, each.kind, each.sample, each.length) for each in found] == [
        ("1.status", "number", "200", None),
        ("1.headers", "object", "1 name", 1),
        ('1.headers["content-type"]', "text", "text/plain", None),
        ("1.data", "object", "4 names", 4),
        ("1.data.items", "list", "2 items", 2),
        ("1.data.items[0]", "object", "1 name", 1),
        ("1.data.items[0].id", "number", "7", None),
        ("1.data.none", "null", "null", None),
        ("1.data.ok", "boolean", "true", None),
        ("1.data.empty", "list", "0 items", 0),
    ]
    assert [(each.name, each.depth) for each in found[4:7]] == [("items", 2), ("[0]", 3), ("id", 4)]


def test_without_a_root_paths_begin_inside() -> None:
    assert [each.expression for each in paths_of({"a": {"b c": 1}})] == ["a", 'a["b c"]']


def test_samples_are_short_and_show_no_token_whole() -> None:
    bundle = {
        "token": "ya29.a0AfH6SMBx1234567890abcdefghij",
        "auth": "Bearer ya29.a0AfH6SMBx1234567890abcdefghij",
        "url": "https://x.example/a/very/long/path/that/goes/on?key=secret",
        "text": "many words " * 100,
        "lines": "a\r\nb\x1bc",
    }

    assert {each.name: each.sample for each in paths_of(bundle)} == {
        "token": "ya29.a...",
        "auth": "Bearer ya29.a...",
        "url": "https://x.example/a/very/long/path/that/goes/on?...",
        "text": "many words many words many words many words many words many ...",
        "lines": "a b?c",
    }


def test_a_large_bundle_offers_so_many_paths_and_its_upper_levels_first() -> None:
    deep: dict[str, Any] = {}
    inner = deep
    for _ in range(50):
        inner["down"] = inner = {}
    bundle = {"wide": {f"n{number}": number for number in range(5000)}, "deep": deep, "last": 1}

    offers = paths_of(bundle, "1", most=100)

    assert len(offers) <= 100
    assert {"1.wide", "1.deep", "1.last"} <= {each.expression for each in offers}
    assert max(each.depth for each in paths_of(deep, "1")) == 10


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_every_path_that_is_offered_leads_to_its_value(bundle: dict[str, Any]) -> None:
    for offer in paths_of(bundle, "1"):
        value = fill(f"{{{{ {offer.expression} }}}}", {"1": bundle})

        assert offer.length == (len(value) if isinstance(value, list | dict) else None)
