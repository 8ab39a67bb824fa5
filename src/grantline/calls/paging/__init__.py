"""From page to page of a list, by the rules in `grantline.calls.pagination`.

- `page_request`: the request for one page.
- `pages`: what an answer holds, and what comes next; `link_header` is where many say it.
"""
