"""The rows of the store as values, which know no database.

Secrets arrive sealed: the store never sees one in the clear. Ids are opaque, sortable and prefixed
(``app_``, ``con_``, ``crd_``, ``req_``, ...); every row carries its workspace. Instants are aware
UTC. ``version`` counts edits by people, ``generation`` counts token sets: two counters, so that
renaming a connection never races with refreshing it.

One subject each: ``connections``, ``renewal``, ``people``, ``credentials``, ``requests``,
``scenarios``, ``runs``, ``notices``, ``audit``, ``keys``. ``page`` is a part of any list.
"""
