"""Secrets at rest: sealed under a master key that is never in the database.

``keys`` are master keys as values, ``envelope`` the sealed form, ``providers`` the places a key
comes from, ``vault`` seals and opens with them, ``unlock`` decides at start whether the keys that
were found are the ones this database wants. ``kms`` has master keys wrapped by a key management
service, ``age`` encrypts files. Nothing here knows the store: it deals in strings.
"""
