"""Renewal: a token that works, whenever somebody asks for one, and no refresh token lost.

``tokens`` is the narrow waist, ``holding`` the memory behind it. ``refresh`` renews with one flight
per process and one lease per connection (``leasing``, ``waiting``); ``rotation`` is one renewal
under a lease, ``next_tokens`` how the next token set is asked for, ``health`` what a failure means,
``schedule`` when to renew. What the database does not take is in ``unsaved`` and the ``spool``
file; ``presence`` knows, by ``file_lock``, which processes are alive. ``background`` renews ahead
of time, with a ``breaker`` per host.
"""
