"""Where the API answers."""

from __future__ import annotations

from typing import Final

API_PREFIX: Final = "/api/v1"
