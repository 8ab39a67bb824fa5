"""The *Make a request* module without the request: what may be sent, to whom, and what comes next.

Pure functions on values; whoever calls them owns the socket and the clock.

- `headers`: which header names, header values and methods may be sent.
- `target`: a base URL and a relative path made one URL, and templates filled in.
- `hosts`: the hosts that a connection's token may go to.
- `redirect`: the request that follows a redirect, with what must be left behind left behind.
"""
