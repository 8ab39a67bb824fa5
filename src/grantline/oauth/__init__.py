"""The OAuth 2.0 protocol of a client: pure functions on frozen values.

A module has one subject, usually one RFC, and holds a pair: ``x_request()`` builds an
``HttpRequest``, ``parse_x_response()`` reads the ``HttpResponse``. A conversation of several
messages is a generator (``x_flow()``) that yields requests and is sent responses;
``flow.drive`` and ``flow.adrive`` run one, and nothing else does. Time and randomness are
arguments (``moment``). Nothing here does I/O.

Rooms, each built on those after it: ``authorization``, ``grants`` and ``discovery`` are the
conversations; ``tokens``, ``requests``, ``answers``, and the ``app`` that all of them are about.
``grant`` names the grants, ``token_set`` is what one gave, ``jwt`` the one door to the JOSE
library.
"""
