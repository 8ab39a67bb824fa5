"""Tokens: read from an answer, put on a request, asked about, given back.

- `token_response`: a token endpoint's answer; `token_fields` and `envelope` know where services put
  things, `expiry` and `scope` read two of them, `same_identity` compares a refresh.
- `id_token`: who consented, believed only after every check.
- `placement`: the access token on a request.
- `introspection`, `revocation`: whether a token works, and its end.
"""
