"""The pages of connections: ``/connections``.

``listing`` is the list, ``detail`` one connection, and ``doctor`` what ails it. ``form`` makes one,
by ``creation``, and ``edit`` changes it; ``consent`` gets consent and waits for it. ``service``
says what a service is called, ``events`` its history in words, ``parked`` which runs wait for it.
"""
