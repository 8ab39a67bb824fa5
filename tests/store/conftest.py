from __future__ import annotations

import pytest

from grantline.store import database
from tests.storage import set_up


@pytest.fixture(autouse=True)
def real_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """New databases begin empty here, and wait for the disk, as they do at a user's."""
    monkeypatch.setattr(database, "_set_up_sqlite", set_up)
