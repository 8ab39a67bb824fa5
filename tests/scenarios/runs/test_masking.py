"""What people see of bundles: everything but what is secret."""

from __future__ import annotations

from typing import Any

import pytest

from grantline.calls.structures.json_values import dump_json, load_json
from grantline.connections.requests.redaction import Redactor
from grantline.scenarios.runs.masking import masked_bundle
from grantline.secret import REDACTED, Secret

REDACTOR = Redactor([Secret('s3cr"t'), Secret("13579")])


@pytest.mark.parametrize(
    ("bundle", "shown"),
    [
        ({"a": ['x s3cr"t', {'s3cr"t': 1}]}, {"a": [f"x {REDACTED}", {REDACTED: 1}]}),
        ({"a": 1135790, "b": 2}, {"a": f"1{REDACTED}0", "b": 2}),
        (
            {"headers": {"set-cookie": "a=b", "Authorization": "Bearer x", "etag": 's3cr"t'}},
            {
                "headers": {
                    "set-cookie": REDACTED,
                    "Authorization": f"Bearer {REDACTED}",
                    "etag": REDACTED,
                }
            },
        ),
        (
            {"x": {"headers": {"age": "7"}, "url": "https://a.example/?page=2&access_token=t"}},
            {
                "x": {
                    "headers": {"age": "7"},
                    "url": f"https://a.example/?page=2&access_token={REDACTED}",
                }
            },
        ),
        (
            {"headers": [1], "token": "t", "url": "https://a.example/?token=t"},
            {"headers": [1], "token": "t", "url": "https://a.example/?token=t"},
        ),
        ([1, None, "\\"], [1, None, "\\"]),
    ],
    ids=["by value", "in a number", "by the name of a header", "handed on", "as it is", "no table"],
)
def test_a_bundle_is_shown_without_its_secrets(bundle: Any, shown: Any) -> None:
    assert masked_bundle(dump_json(bundle), REDACTOR) == shown


def test_every_digit_is_shown_as_it_came() -> None:
    text = '{"a":0.10000000000000000001,"b":12345678901234567890}'
    assert dump_json(masked_bundle(text, REDACTOR)) == dump_json(load_json(text))
