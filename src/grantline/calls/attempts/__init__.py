"""Each sending of a request: whose turn it is, and whether there is another.

- `rate_limit`, `limiter`: how often a service may be asked, and whose turn it is.
- `retry`: whether a request is sent once more, and after how long.
- `attempt`: what became of each sending.
- `when`: how services write how long to wait.
"""
