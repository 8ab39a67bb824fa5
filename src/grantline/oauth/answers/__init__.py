"""The answer of any OAuth endpoint: its fields, or what its refusal means.

- `body`: the fields, whatever the service calls its format; `answer` reads the smaller endpoints.
- `error_answer`, `error_sign`, `error_codes`: a refusal found and understood; `failure` says who
  has to act, `retry_after` how long to wait.
- `challenge`: ``WWW-Authenticate``.
"""
