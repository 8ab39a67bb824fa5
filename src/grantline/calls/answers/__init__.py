"""Answers of services: read, explained, shown, kept as files.

- `response`: an answer that is there; `response_stream`: one that is still coming.
- `service_message`: what an answer says went wrong.
- `presentation`: what a page shows of an answer.
- `file_name`, `resumption`: an answer as a file, and the rest of one that broke off.
"""
