"""Tokens by a person's consent: the authorization endpoint, and the device authorization endpoint.

- `authorization_code` with `pkce` and `par`, and `implicit`: out through a browser (RFC 6749
  sections 4.1 and 4.2); `callback` reads what the browser brings back.
- `device`: consent on another screen (RFC 8628).
"""
