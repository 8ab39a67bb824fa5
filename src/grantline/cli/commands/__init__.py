"""The commands, one subject each.

``app``, ``credential``, ``request``, ``token``, ``discover``, ``provider``, ``doctor``, ``notify``,
``serve`` and ``demo`` (with its ``demo_tour``) are named after what a person types. ``uses`` says
what refers to something before it is deleted.

Rooms: ``connection``, ``scenario``, ``keeping``.
"""
