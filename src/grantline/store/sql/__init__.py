"""The ``Store`` on SQLAlchemy Core: one set of statements for SQLite and PostgreSQL.

``store`` puts the parts together, each a file by its subject. ``rows`` turns records into rows and
back, ``paging`` reads one page of a list, ``uses`` counts what refers to something.
"""
