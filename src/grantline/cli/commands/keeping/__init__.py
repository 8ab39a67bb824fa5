"""Keeping what is stored: ``backup`` and restore, ``resume`` after a copy, master ``keys``."""
