"""Tries bombs under limits that the kernel holds; prints those that went off."""

import json
import resource
import sys

from grantline.calls.expressions import ExpressionFailed, fill

resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
resource.setrlimit(resource.RLIMIT_AS, (700 * 2**20, 700 * 2**20))

NAMES = {
    "1": {
        "big": "x" * 9_000_000,
        "items": [{"id": number, "n": str(number)} for number in range(30_000)],
        "n": 10**9,
        "s": "a",
    }
}
BOMBS = [
    *("'a' * 1000000000", "1.s * 1.n", "[1] * 1000000000", "1.items * 100000", "1.n * '9'"),
    *("2 ** 999999999", "1.n ** 1.n", "9.9 ** 999999", "2 ** (2 ** (2 ** 9))", "10 ** 4000"),
    *("(10 ** 1000) * (10 ** 1000)", "1e300 * 1e300", "1e300 ** 9", "1.n ** -1.n", "1 / 0"),
    *("1.5 % 0", "0 ** -1", "(-8) ** 0.5", "range(1000000000)", "1.n | range"),
    *("1.big ~ 1.big", "1.big + 1.big", "1.big | replace('x', 'xxxxxxxxxx')", "1.big | split('x')"),
    *("1.big | replace('', 'x')", "1.s | pad_left(1000000000)", "1.s | pad_right(1000000000)"),
    *("1.s | truncate(-1)", "'%1000000000d' | format(1)", "1.items | join(1.big)", "1.big | slug"),
    *("1.big | html_escape", "1.big | url_encode", "1.big is like '*x*x*x*x*x*x*x*x*x*y'"),
    *(
        "(1.big | truncate(5000, '')) is like '*" + "x" * 3000 + "y'",
        "1.big | number",
        "1.big | from_json",
    ),
    *("('[' | pad_left(100000, '[')) | from_json", "1.n | format_number(1000000000)"),
    *("'2026-01-01' | format_date(1.big)", "'x' | parse_date(1.big)", "1.big | parse_date"),
    *("1.n | from_epoch | add_time(10 ** 300, 'years')", "1e300 | from_epoch"),
    *("'9999-12-31' | end_of('year') | add_time(1)", "1.items | map(1.big)"),
    *("1.items | where('n', '>', 1.big)", "[" + "1.items," * 300 + "] | to_json"),
    *("1.items" + " ~ 1.items" * 300, "1.items" + " + 1.items" * 39),
    *(
        "1.items" + " | sort('id') | sort('n')" * 19,
        "[" + "1.items," * 900 + "] | flatten | length",
    ),
    *("(" * 100_000, "[" * 100_000, "{" * 100_000, "-" * 100_000 + "1", "not " * 100_000 + "1"),
    *("1.s" + "[0]" * 100_000, "1" + "|abs" * 100_000, "1" + "+1" * 100_000, "9" * 1_000_000),
]


def goes_off(bomb: str) -> bool:
    """Whether it ends in anything but the one error."""
    try:
        fill(f"{{{{ {bomb} }}}}", NAMES)
    except ExpressionFailed:
        return False
    return True


went_off = [each[:60] for each in BOMBS if goes_off(each)]
sys.stdout.write(json.dumps({"went off": went_off, "tried": len(BOMBS)}))
