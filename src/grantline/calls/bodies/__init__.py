"""What is sent in a body.

- `content`: JSON, a form, or any bytes, in memory.
- `multipart`: forms with files.
- `upload`: bodies that are read while they are sent.
- `compression`: bodies in gzip coding.
"""
