"""The *Make a request* module without the request: what may be sent, to whom, and what comes next.

Pure functions on values; whoever calls them owns the socket and the clock.

- `headers`: which header names, header values and methods may be sent.
- `target`: a base URL and a relative path made one URL, and templates filled in.
- `hosts`: the hosts that a connection's token may go to.
- `redirect`: the request that follows a redirect, with what must be left behind left behind.
- `request`, `query`, `multipart`: what to ask for, its query, and its body.
- `response`, `parsing` with `charset`, `json_values` and `xml_structure`: what was answered, and
  what it says; `service_message` is what it says went wrong.
- `presentation`, `json_outline`: what a page shows of an answer.
- `retry`, `attempt`: whether a request is sent again, and what became of each time; `when` and
  `statuses` are how services and people write time to wait and sets of statuses.
- `rate_limit`, `limiter`: how often a service may be asked, and whose turn it is; `service_rules`
  is all that a catalogue entry knows of this.
- `pagination`, `paths`: lists that come in pages, and places in an answer.
- `curl` with `curl_options` and `curl_form`, and `curl_export`: a cURL command as a request, and
  back; `credential` is what it may hold.
- `shell_words` with `shell_splitter`, `posix_words` and `windows_words`: a command line as words.
- `expressions`: what may stand in double braces, and what it becomes where it stands.
- `snippets`: a request as Python and as a command line of ours.
"""
