"""Where the data lives: decided from an environment that the caller hands in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_data_path


def data_dir(env: Mapping[str, str]) -> Path:
    """``GRANTLINE_DATA_DIR``, or the platform's place for a user's data."""
    if named := env.get("GRANTLINE_DATA_DIR"):
        return Path(named).expanduser().absolute()
    return user_data_path("grantline", appauthor=False)


def database_url(env: Mapping[str, str]) -> str | None:
    """``GRANTLINE_DATABASE_URL``; None means SQLite in the data directory.

    It may hold a password: it is for ``open_store``, never for a message.
    """
    return env.get("GRANTLINE_DATABASE_URL") or None
