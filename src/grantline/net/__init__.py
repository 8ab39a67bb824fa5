"""The only way out: every outbound byte of Grantline leaves through this package.

- `address`: which IP addresses are not the public internet.
- `guard`: what the operator allows, and the checks of URLs and addresses.
- `transport`: the ``Transport`` port and the one engine behind it.
- `pools`: open connections, kept apart by whose requests they carry and how those travel.
- `exchange`: an answer that has begun; `payload`: a body that is read while it is sent.
- `resolver`: names to addresses, every answer checked.
- `proxy`: going out through an HTTP proxy.
- `tls`: trust stores; `certificates`: client certificates as people have them.
- `failures`: what went wrong on the way, in our words.
- `decoding`: content codings, with a limit on what comes out.
- `loopback`: the listener that receives an authorization response on this machine (RFC 8252).
"""
