"""Apps: how a registration of ours at a service comes about, and what it is checked against.

``catalogue`` makes settings of an entry, ``discovery`` asks what servers publish, ``registration``
registers at the service (RFC 7591), ``client_document`` is a registration that the service reads
from us. ``pinning`` shows endpoints that moved since.
"""
