"""``/scenarios`` and ``/scenario-runs``: ``runs`` and ``models_runs`` are the latter."""
