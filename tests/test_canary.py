import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canary import assert_no_canary

CANARY = "canary/5ecr&t+väl ue"


@pytest.mark.parametrize(
    "text",
    [
        f"token={CANARY}.",
        f"token={quote(CANARY)}",
        f"token={quote(CANARY, safe='')}",
        CANARY.encode().hex(),
        f"{CANARY!a}",
        *[base64.b64encode(b"a" * n + CANARY.encode() + b"z" * 4).decode() for n in range(3)],
        base64.urlsafe_b64encode(CANARY.encode()).decode(),
    ],
)
def test_a_canary_is_found_in_every_spelling(text: str) -> None:
    with pytest.raises(AssertionError, match="canary"):
        assert_no_canary([CANARY], text)
    with pytest.raises(AssertionError, match="canary"):
        assert_no_canary([CANARY], b"\0\xff" + text.encode() + b"\0")


def test_a_canary_is_found_in_folders_and_beside_a_database(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"nothing")
    assert_no_canary([CANARY], tmp_path / "store.db", tmp_path, "text", b"bytes")
    (tmp_path / "store.db-wal").write_text(CANARY)
    for place in (tmp_path, tmp_path / "store.db"):
        with pytest.raises(AssertionError, match=r"store\.db-wal"):
            assert_no_canary([CANARY], place)


def test_searching_nothing_is_a_mistake_and_not_a_success(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nothing to search"):
        assert_no_canary([CANARY], tmp_path / "missing")
    with pytest.raises(AssertionError, match="planted"):
        assert_no_canary([], "text")
