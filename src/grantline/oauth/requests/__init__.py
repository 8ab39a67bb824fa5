"""The request to an OAuth endpoint, and how it proves who asks.

- `token_request`: the one way to build a request to a token endpoint (RFC 6749 section 3.2).
- `client_auth`, `dpop`: client authentication, and proof of possession.
- `endpoint`, `parameters`, `headers`, `resource`: which URIs it may go to, and what it carries.
"""
