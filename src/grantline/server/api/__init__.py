"""The REST API: what the pages do, for programs, at ``/api/v1``.

``app`` puts it together, ``later`` does so when it is first asked for, ``address`` is where it
answers. ``auth`` says who may; every route takes a ``Reader`` (scope ``use``) or a ``Manager``
(scope ``manage``) and hands its actor to the engine, so a foreign id is an unknown id. Bodies and
answers are pydantic models, and nothing behind this folder knows pydantic: ``fields`` holds their
common types, ``settings_schema`` the schema of the app's settings, ``uses`` what refers to a thing.
``problems``, ``versions`` and ``document`` are what all routes have in common.

Rooms: ``connections``, ``credentials``, ``requests``, ``scenarios``, each with its ``models``;
``providers``, ``history``, ``keys`` and ``service`` are one file each.
"""
