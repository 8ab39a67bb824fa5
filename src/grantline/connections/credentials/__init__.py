"""Credentials: secrets that are no OAuth grant, kept sealed under a name beside connections.

``credential`` is what may be shown, ``credential_contents`` what is inside, ``credential_rows`` the
rows and their seals; ``manage_credentials`` creates, edits and deletes them. ``authentication``
puts one on a request.
"""
