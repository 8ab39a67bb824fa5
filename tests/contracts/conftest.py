from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grantline.store.open import open_store
from grantline.store.protocol.store import Store
from tests.records import AUTHORIZED, a_connection, an_app, an_event, tokens

DATABASES = [
    "memory",
    "sqlite",
    *(pytest.param(each, marks=pytest.mark.postgres) for each in ("postgresql", "pgbouncer")),
]


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    urls: dict[str, Callable[[], str | None]] = {
        "memory": lambda: "sqlite:///:memory:",
        "sqlite": lambda: None,
        "postgresql": lambda: str(request.getfixturevalue("migrated_postgres_url")),
        "pgbouncer": lambda: str(request.getfixturevalue("pooled_url")),
    }
    opened = open_store(urls[request.param](), tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def filled(store: Store) -> Store:
    """One app with one connection, authorized: its generation is 1."""
    store.add_connection(a_connection(), an_event(kind="created"), an_app())
    store.save_authorized(
        "con_1", 0, tokens(), AUTHORIZED, scopes=("read", "write"), event=an_event()
    )
    return store
