"""What a module's fields may say in double braces: ``{{ 1.data.items[0].id }}``.

Names are bundles by the number of their module, ``trigger``, ``input``, ``vars`` and ``run``.
Pure, and bounded in time and memory whatever is written (docs/mapping.md).

- `fill`: the expressions of a text, filled in for the place where each stands; `address` is
  for URLs, `json_text` for JSON that is written as a text.
- `template`: a text taken apart into what stays and what is worked out.
- `parser` with `nodes`: one expression, read; `wording` is how its errors speak.
- `program`: an expression made ready to run; `machine` runs it, and is the one door to minijinja.
- `lookup`: what is at a path, and what is near it when nothing is.
- `values`, `operators`, `filters` and the modules named after what they work on: what can be done.
- `picker`: the paths that a bundle offers.
"""

from grantline.calls.expressions.address import fill_url
from grantline.calls.expressions.fill import (
    check_condition,
    check_expression,
    fill,
    fill_header,
    fill_json,
    fill_text,
    is_true,
    references,
)
from grantline.calls.expressions.json_text import fill_json_text
from grantline.calls.expressions.nodes import Reference
from grantline.calls.expressions.picker import Offer, paths_of
from grantline.errors import ExpressionFailed

__all__ = [
    "ExpressionFailed",
    "Offer",
    "Reference",
    "check_condition",
    "check_expression",
    "fill",
    "fill_header",
    "fill_json",
    "fill_json_text",
    "fill_text",
    "fill_url",
    "is_true",
    "paths_of",
    "references",
]
