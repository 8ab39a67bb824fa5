"""A cURL command as a request, and back.

- `command`: a pasted command as a request; `options` and `form` are what may stand in it.
- `export`: a request as a command.
- `shell_words` with `shell_splitter`, `posix_words` and `windows_words`: a command line as words.
"""
