"""``/connections`` and ``/apps``: connections, their apps, and consent.

``consent`` is given in a browser, ``devices`` on another screen.
"""
