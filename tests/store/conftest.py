from __future__ import annotations

import pytest

from grantline.store import database
from tests.migrated import set_up


@pytest.fixture(autouse=True)
def migrated_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """New databases begin empty here, as they do at a user's."""
    monkeypatch.setattr(database, "_set_up_sqlite", set_up)
