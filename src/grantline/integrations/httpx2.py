"""Connections for httpx2: ``httpx2.Client(auth=ConnectionAuth(connection))``."""

from __future__ import annotations

import httpx2

from grantline.integrations.auth_flow import AuthFlow


class ConnectionAuth(AuthFlow[httpx2.Request, httpx2.Response], httpx2.Auth):
    """Authentication by a connection, for ``httpx2.Client`` and ``httpx2.AsyncClient``."""

    in_memory = httpx2.ByteStream
