"""What is known of services: one TOML file a service in ``catalog``, read as a ``Profile``.

Adding a service is adding a file; ``docs/providers.md`` says how. ``catalogue`` finds entries,
``toml_entry`` reads one and says what is wrong with it, ``objections`` judges what it means.
"""
