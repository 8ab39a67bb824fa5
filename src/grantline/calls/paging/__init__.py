"""Lists that come in pages.

- `pagination`: how a service gives them, as data.
- `page_request`: the request for one page.
- `pages`: what an answer holds, and what comes next; `link_header` is where many say it.
"""
