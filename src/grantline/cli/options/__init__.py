"""Options that commands take, each a file by what it describes.

``settings`` and ``secrets`` are of apps and connections, ``credential`` of a credential, and of a
request ``caller``, ``body``, ``sending`` and ``paging``. ``groups`` lets a command take a dataclass
of options.
"""
