"""Filters where it is not plain what they give; docs/mapping.md has an example of each."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.expressions import ExpressionFailed, fill

ITEMS = [
    {"id": 1, "name": "b", "price": Decimal("0.1000000000000000000001"), "tags": {"a": 1, "b": 2}},
    {"id": 2, "name": "a", "price": None, "tags": {"b": 2, "a": 1}},
    {"id": 3, "name": "b", "price": 3, "tags": {}},
]
# The clocks go forward in the night that follows.
NOON, ZONE = "2026-03-28T12:00+01:00", "Europe/Berlin"
NAMES: dict[str, Any] = {"vars": {"items": ITEMS, "noon": NOON, "zone": ZONE}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("vars.items | sort('price') | map('id')", [1, 3, 2]),
        ("vars.items | sort('price', descending=true) | map('id')", [3, 1, 2]),
        ("vars.items | sort('name') | map('id')", [2, 1, 3]),
        ("vars.items | unique('tags') | map('id')", [1, 3]),
        ("vars.items | where('price', '>', 0) | map('id')", [1, 3]),
        ("vars.items | where('price', null) | map('id')", [2]),
        ("vars.items | where('name', '!=', 'b') | map('id')", [2]),
        ("vars.items | where('id', 'in', [1, 3]) | map('id')", [1, 3]),
        ("vars.items | where_not('id', 'in', [1, 3]) | map('id')", [2]),
        ("vars.items | map('tags.a')", [1, 1, None]),
        ("(vars.items | group('name'))[0].items | map('id')", [1, 3]),
        ("[1, 1.0, true, '1'] | unique", [1, True, "1"]),
        ("[[1, [2]], 3] | flatten", [1, [2], 3]),
        ("[] | sum", 0),
        ("[] | sort", []),
        ("2.5 | round", 3),
        ("-2.5 | round", -3),
        ("1.005 | round(2)", 1.01),
        ("12 | round(2)", 12),
        ("1e21 | format_number", "1,000,000,000,000,000,000,000"),
        ("-1234.5 | format_number", "-1,234.5"),
        ("'Straße Ünder_Score 1' | slug", "strasse-under-score-1"),
        ("'<script>x</script><p title=\"a>b\">t' | strip_tags", 'b">t'),
        ("'a<b' | strip_tags", "a<b"),
        ("'2026-01-31' | add_time(1, 'month')", "2026-02-28T00:00:00Z"),
        ("'2024-02-29' | add_time(1, 'year')", "2025-02-28T00:00:00Z"),
        ("vars.noon | add_time(1, 'day', vars.zone)", "2026-03-29T12:00:00+02:00"),
        ("vars.noon | add_time(24, 'hours', vars.zone)", "2026-03-29T13:00:00+02:00"),
        ("'2026-03-29T12:00+02:00' | start_of('day', vars.zone)", "2026-03-29T00:00:00+01:00"),
        ("'2026-01-31' | until('2026-02-28', 'months')", 1),
        ("'2026-02-28' | until('2025-02-27', 'years')", -1),
        ("'2026-01-01T00:00:00.5Z' | to_epoch", 1767225600.5),
        ("'2026-01-04' | start_of('week') | format_date('%A %G-%V')", "Monday 2026-01"),
        ("'2026-01-01T10:00+02:00' is earlier_than('2026-01-01T09:00Z')", True),
        ("1767225600 | format_date('iso')", "2026-01-01T00:00:00Z"),
        ("'YQ' | base64_decode", "a"),
        ("'_-8' | base64_decode | length", None),
        ("'\"a\"' | to_json", '"\\"a\\""'),
        ("null | to_json", "null"),
        ("'off' | boolean", False),
        ("'1e3' | number", 1000.0),
        ("' 007 ' | number", 7),
        ("'report.PDF' is like '*.pdf'", False),
        ("'a*b' is like 'a?b'", True),
    ],
)  # fmt: skip
def test_a_filter_gives(expression: str, value: Any) -> None:
    if value is None:
        with pytest.raises(ExpressionFailed):
            fill(f"{{{{ {expression} }}}}", NAMES)
        return
    found = fill(f"{{{{ {expression} }}}}", NAMES)

    assert found == value
    assert type(found) is type(value)


@given(st.text())
def test_what_is_encoded_comes_back(text: str) -> None:
    names = {"vars": {"text": text}}
    for there, back in (
        ("base64_encode", "base64_decode"),
        ("base64url_encode", "base64_decode"),
        ("url_encode", "url_decode"),
        ("to_json", "from_json"),
    ):
        if any("\ud800" <= char <= "\udfff" for char in text) and there != "to_json":
            continue
        assert (
            fill(f"{{{{ vars.text | {there} | {back} }}}}", names) == text or there == "html_escape"
        )
