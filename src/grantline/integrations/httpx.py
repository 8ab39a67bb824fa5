"""Connections for httpx: ``httpx.Client(auth=ConnectionAuth(connection))``."""

from __future__ import annotations

import httpx

from grantline.integrations.auth_flow import AuthFlow


class ConnectionAuth(AuthFlow[httpx.Request, httpx.Response], httpx.Auth):
    """Authentication by a connection, for ``httpx.Client`` and ``httpx.AsyncClient``."""

    in_memory = httpx.ByteStream
