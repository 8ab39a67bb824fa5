"""What is known of services: one TOML file a service in ``catalog``, read as a ``Profile``.

Adding a service is adding a file. ``profile`` says what a file may hold, and refuses the rest.
"""
