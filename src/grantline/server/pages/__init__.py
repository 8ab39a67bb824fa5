"""The pages, one module each: ``ROUTES`` is what it answers."""
