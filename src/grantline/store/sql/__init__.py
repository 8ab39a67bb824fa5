"""The ``Store`` on SQLAlchemy Core: one set of statements for SQLite and PostgreSQL.

``store`` is all of it, from parts that are files by subject. ``rows`` turns records into rows and
back, ``paging`` reads one page of a list, ``uses`` counts what refers to something.
"""
