"""What Grantline asks of a database: the ``Store`` protocol and its laws.

``store`` is all of it, put together of ``renewal``, ``runs``, ``scenarios``, ``seats`` and
``notices``.
"""
