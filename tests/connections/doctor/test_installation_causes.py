"""What can be wrong with an installation, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from grantline.connections.doctor.installation_causes import installation_causes
from grantline.connections.keeping.master_keys import KeyStatus
from grantline.connections.keeping.quarantine import RESUME, Quarantine

PRIMARY = KeyStatus(fingerprint="a" * 16, is_here=True, is_known=True, is_primary=True, sealed=9)


def key(**changes: Any) -> KeyStatus:
    plain = {"fingerprint": "b" * 16, "is_here": True, "is_known": True, "is_primary": False}
    return KeyStatus(**{**plain, "sealed": 3, **changes})


@pytest.mark.parametrize(
    ("other", "damaged", "quarantine", "waiting", "codes"),
    [
        (key(sealed=0), 0, None, 0, []),
        (key(sealed=0, is_here=False), 0, None, 0, []),
        (key(is_here=False), 0, None, 0, ["key_missing"]),
        (key(), 0, None, 0, ["key_not_primary"]),
        (key(sealed=0), 2, None, 0, ["secrets_damaged"]),
        (key(sealed=0), 0, Quarantine("it was copied."), 0, ["quarantined"]),
        (key(sealed=0), 0, None, 1, ["answers_waiting"]),
        (key(), 1, Quarantine("it was copied."), 1, None),
    ],
)
def test_keys_and_database_have_their_findings(
    other: KeyStatus,
    damaged: int,
    quarantine: Quarantine | None,
    waiting: int,
    codes: list[str] | None,
) -> None:
    found = list(installation_causes([PRIMARY, other], damaged, quarantine, waiting))
    every = ["secrets_damaged", "quarantined", "answers_waiting", "key_not_primary"]
    assert [each.code for each in found] == (every if codes is None else codes)
    assert all(each.next_steps for each in found)


def test_a_quarantine_says_how_it_ends() -> None:
    (found,) = installation_causes([PRIMARY], 0, Quarantine("it was copied."), 0)
    assert RESUME in found.next_steps[0]
