"""The web app: pages, REST API and the OAuth callback, over the same engine as the command line.

Read in this order: ``app`` (what is put together), ``routes`` (what answers where), ``security``
(what every request passes), ``page`` (how a route answers). One subject per file for the rest:

- ``settings``, ``run``, ``demo``: one installation, one process, and the bundled service.
- ``accounts``, ``passwords``, ``sessions``, ``attempts``: who is there.
- ``callback``, ``selftest``: where services send people back, and whether they get there.
- ``errors``, ``templating``, ``flash``, ``assets``: what people see.
- ``pages``: a room for each subject; ``templates`` and ``static`` are theirs.
"""
