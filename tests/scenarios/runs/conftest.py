from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.scenarios.runs.service import Service, a_service


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with a_service() as running:
        yield running
