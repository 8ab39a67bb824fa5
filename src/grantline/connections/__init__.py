"""The engine: everything that happens to a connection between "create" and "delete".

``open`` and ``engine`` put it together for the faces, ``settings`` are those of an installation,
``context`` is what every room works with. A connection as people see it is in ``connection``; its
states are one table, ``state``. ``manage`` creates, edits, duplicates and deletes; ``planning``
works an edit out, ``edit`` says what it costs, ``rules`` says what may be saved, ``labels`` what
settings are called, ``values`` fills in what they name in braces. ``listing`` lists, ``sealing``
turns rows into values and back. ``exchange`` keeps a ``transcript`` of what authorization servers
say, with ``masking``; ``token_exchange`` trades a token for another; ``revoke`` ends grants at the
service.

Rooms: ``apps``, ``consent``, ``renewal``, ``requests``, ``credentials``, ``doctor``, ``keeping``.
"""
