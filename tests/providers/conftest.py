from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.providers.life import Stage, a_stage


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path_factory.mktemp("installation")) as running:
        yield running
