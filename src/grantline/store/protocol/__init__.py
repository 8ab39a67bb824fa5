"""What Grantline asks of a database: the ``Store`` protocol and its laws.

``store`` is all of it, put together of the files beside it: one subject each, as in ``records``.
"""
