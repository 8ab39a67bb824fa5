"""Authorization servers that were not known before, and a registration there.

- `protected_resource`: from the URL of an API to its authorization server (RFC 9728).
- `metadata`: what an authorization server says of itself (RFC 8414).
- `registration`: an app that signs itself up, and off (RFC 7591, RFC 7592).
"""
