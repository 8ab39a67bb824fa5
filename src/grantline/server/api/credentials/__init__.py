"""``/credentials``: secrets that are no OAuth grant, kept and shared without being shown."""
