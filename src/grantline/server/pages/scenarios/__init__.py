"""The pages of scenarios: ``/scenarios``.

``listing`` is the list, ``editor`` one scenario as its ``outline``, ``page`` what the pages of one
share, with ``problems`` in their places. ``trigger``, ``settings`` and ``files`` are its other
pages, ``picker`` what can be mapped.

Rooms: ``modules``, the form of one; ``runs``, what became of it.
"""
