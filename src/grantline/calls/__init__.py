"""The *Make a request* module without the request: what may be sent, to whom, and what comes next.

Pure functions on values; whoever calls them owns the socket and the clock.

- `request`, `target`, `query`, `headers` and the room `bodies`: what to ask for, and what may be
  sent. A target is a base URL and a relative path made one URL, with templates filled in.
- `hosts`, `redirect`, `cookies`: where a token may go, what follows a redirect with what must be
  left behind left behind, and what one run remembers.
- `attempts`: whose turn it is, and whether a request is sent again; `statuses` is how people write
  sets of statuses.
- `answers`: what was answered, and what a page shows of it.
- `structures`: what bytes say; places and differences in it.
- `pagination`: how a service gives lists in pages, as data; the room `paging` goes by it.
- `service_rules`: all that a catalogue entry knows of how a service is called.
- `curl`: a cURL command as a request, and back; `credential` is what a request may hold.
- `snippets`: a request as Python and as a command line of ours.
- `expressions`: what may stand in double braces, and what it becomes where it stands.
"""
