"""What is sent in a body, beside the JSON, text and form fields of `grantline.calls.request`.

- `multipart`: forms with files.
- `upload`: bodies that are read while they are sent.
- `compression`: bodies in gzip coding.
"""
