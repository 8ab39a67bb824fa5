"""The only way out: every outbound byte of Grantline leaves through this package.

- `address`: which IP addresses are not the public internet.
- `guard`: what the operator allows, and the checks of URLs and addresses.
- `transport`: the ``Transport`` port and the one engine behind it.
- `tls`: trust stores and client certificates.
- `decoding`: content codings, with a limit on what comes out.
- `loopback`: the listener that receives an authorization response on this machine (RFC 8252).
"""
