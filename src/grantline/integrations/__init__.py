"""Connections for HTTP libraries that programs use already, one module per library.

`httpx2`, `httpx` and `requests` give ``ConnectionAuth``; `aiohttp` gives
``connection_middleware``. Each module imports its library, so it is imported only by those who
have it. `exchange` holds what they all decide alike.
"""
