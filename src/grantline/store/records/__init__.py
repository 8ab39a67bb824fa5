"""The rows of the store as values, which know no database.

``records`` has those of connections and of all that belongs to them; ``scenarios``, ``runs`` and
``notices`` have the rest.
"""
