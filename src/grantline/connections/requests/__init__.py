"""Requests: made with a connection, a credential or nothing; kept under a name, and in the history.

``perform`` performs one as a ``caller``, along one ``journey``; ``expiry`` says what means that the
token has ended. ``attempts`` makes it until it succeeds (``pacing``, ``run_cookies``, ``service``),
``pages`` makes a list of such requests. ``download`` with ``arrival``, ``part_file`` and
``kept_part``, ``resolve`` and ``files`` are for bodies on disk and for none. ``seats`` bounds how
many modules use a connection at once. ``making`` leaves a line in the history: ``runs``,
``run_detail``, ``redaction``. ``saved_requests`` keeps them, ``references`` looks up what they
name. ``uses`` notes what is in use.
"""
