"""What a module that failed leaves for people to read."""

from __future__ import annotations

from grantline.connections.requests.redaction import Redactor
from grantline.errors import InvalidInput
from grantline.scenarios.modules.outcome import failed
from grantline.secret import REDACTED, Secret


def test_an_error_keeps_no_secret_in_the_words_that_its_row_has_in_the_clear() -> None:
    error = InvalidInput("t0ken.example is refused.", field="url", hint="Allow t0ken.example.")
    outcome = failed(error, {}, Redactor([Secret("t0ken")]))

    assert outcome.error is error
    assert (error.message, error.hint) == (
        f"{REDACTED}.example is refused.",
        f"Allow {REDACTED}.example.",
    )
    assert outcome.failure is not None
    assert outcome.failure["message"] == error.message
