"""The REST API: what the pages do, for programs, at ``/api/v1``.

``app`` puts it together and ``auth`` says who may; every route takes a ``Reader`` (scope ``use``)
or a ``Manager`` (scope ``manage``) and hands its actor to the engine, so a foreign id is an unknown
id. Bodies and answers are pydantic models (``models_*``), and nothing behind this folder knows
pydantic: ``fields`` holds their common types, ``settings_schema`` the schema of the app's settings.
One file per subject holds its routes; ``problems`` and ``document`` what they have in common.
"""
