"""The OAuth 2.0 protocol of a client: pure functions on frozen values.

A room has one subject, usually one RFC, and holds a pair: ``x_request()`` builds an
``HttpRequest``, ``parse_x_response()`` reads the ``HttpResponse``. A conversation of several
messages is a generator (``x_flow()``) that yields requests and is sent responses;
``flow.drive`` and ``flow.adrive`` run one, and nothing else does. Time and randomness are
arguments. Nothing here does I/O.
"""
