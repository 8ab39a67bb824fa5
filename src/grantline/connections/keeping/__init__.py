"""Keeping an installation: its keys, its copies, and what may leave it with time.

``master_keys`` changes keys in use, ``backup`` with ``backup_format`` writes and restores all of
it, ``quarantine`` keeps a copy from renewing, ``housekeeping`` drops what has ended.
"""
