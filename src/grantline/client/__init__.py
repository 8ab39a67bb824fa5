"""The Python library: connections for code that waits and for code that does not.

- `connections`, `connection`, `pending`: the synchronous face.
- `async_connections`, `async_connection`, `async_pending`: the same names with ``await``. All that
  is to be decided is decided here; the synchronous twins only carry the call to a thread.
- `portal`: that thread, with the event loop the engine lives on.
- `bearer`: a token together with the rules of where and how it may travel, for other libraries.
- `request_options`, `app_fields`: what callers write, and the values that the engine takes.
"""
