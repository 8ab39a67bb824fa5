"""What signs between values do."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.expressions import fill

NUMBERS = st.integers(-(10**12), 10**12) | st.decimals(-(10**6), 10**6, places=3).map(float)


def worked_out(expression: str, **names: Any) -> Any:
    return fill(f"{{{{ {expression} }}}}", {"vars": names})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3.5),
        ("6 / 2", 3),
        ("1 / 3", 1 / 3),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7.5 // 2", 3),
        ("-7 % 3", 2),
        ("7.5 % 2", 1.5),
        ("2 ** 10", 1024),
        ("2 ** -1", 0.5),
        ("-2 ** 2", -4),
        ("2 - -1", 3),
        ("0.1 + 0.2", 0.3),
        ("0.1 * 3", 0.3),
        ("9007199254740993 + 1", 9007199254740994),
        ("1.12345678901234567890 + 1", Decimal("2.12345678901234567890")),
        ("1e3", 1000.0),
        ("1_000_000", 1_000_000),
        ("'a' + 'b'", "ab"),
        ("[1] + [2]", [1, 2]),
        ("'a' ~ 1 ~ null ~ [2]", "a1null[2]"),
        ("1 ~ 2 + '3'", "123"),
        ("1 == 1.0", True),
        ("1 == true", False),
        ("'1' == 1", False),
        ("null == null", True),
        ("[1, {'a': 2}] == [1, {'a': 2}]", True),
        ("1 != 2", True),
        ("'a' < 'b'", True),
        ("2 >= 2.0", True),
        ("0.1 + 0.2 == 0.3", True),
        ("'b' in 'abc'", True),
        ("2 in [1, 2]", True),
        ("'a' in {'a': 1}", True),
        ("3 not in [1, 2]", True),
        ("not 1 == 2", True),
        ("not not 1", True),
        ("1 if 0 else 2 if 0 else 3", 3),
        ("-5 | abs", 5),
        ("'abc'[1:]", "bc"),
        ("[1, 2, 3][:-1]", [1, 2]),
        ("[1, 2, 3][1:2]", [2]),
        ("[[1, 2], [3]][0][1]", 2),
        ("{'a': {'b': [7]}}.a.b[0]", 7),
        ("'it\\'s \\\"q\\\" \\u00e9\\n'", 'it\'s "q" é\n'),
        ('"tab\\t\\\\ {{ }} %}"', "tab\t\\ {{ }} %}"),
        ("[1, 2,]", [1, 2]),
        ("[]", []),
        ("{}", {}),
        ("{'a': 1, 'b': [true, false, null],}", {"a": 1, "b": [True, False, None]}),
    ],
)
def test_signs_do_what_the_page_says(expression: str, value: Any) -> None:
    found = worked_out(expression)

    assert found == value
    assert type(found) is type(value)


@given(NUMBERS, NUMBERS, st.sampled_from(["+", "-", "*"]))
def test_numbers_are_worked_out_exactly(left: Any, right: Any, sign: str) -> None:
    found = worked_out(f"vars.left {sign} vars.right", left=left, right=right)
    one, two = Fraction(str(left)), Fraction(str(right))
    exact = {"+": one + two, "-": one - two, "*": one * two}[sign]

    assert Fraction(str(found)) == exact


@given(NUMBERS, NUMBERS.filter(bool))
def test_a_division_and_what_is_left_over_belong_together(left: Any, right: Any) -> None:
    names = {"left": left, "right": right}
    whole, rest = worked_out("[vars.left // vars.right, vars.left % vars.right]", **names)

    assert Fraction(str(whole)) * Fraction(str(right)) + Fraction(str(rest)) == Fraction(str(left))
    assert abs(Fraction(str(rest))) < abs(Fraction(str(right)))
