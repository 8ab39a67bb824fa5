"""``/requests``, ``/saved-requests`` and ``/runs``: made, kept, and looked back at.

``models_calls`` is what happens around a request: retries, failures, pages.
"""
