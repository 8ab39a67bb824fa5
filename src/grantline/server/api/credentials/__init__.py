"""``/credentials``."""
