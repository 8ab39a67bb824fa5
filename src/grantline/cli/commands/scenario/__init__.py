"""``grantline scenario``: scenarios kept, as files, and run.

``scenario`` looks after those that are kept, ``file`` reads and writes files, ``run`` starts runs
and shows them, with ``progress``; ``views`` is how each looks.
"""
