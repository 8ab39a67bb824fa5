"""Tokens by one request, with nobody at a browser.

- `client_credentials`, `password`, `jwt_bearer`, `token_exchange`: each a grant of its own.
- `refresh`, `upgrade`: one token for the next.
- `login`: for services that are not OAuth.
"""
