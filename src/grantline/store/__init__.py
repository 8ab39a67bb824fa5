"""State at rest: records, the ``Store`` protocol, and its SQLAlchemy Core implementation.

``records`` are the rows as values, ``protocol`` says what a store promises, ``tables`` is the
schema. ``database`` opens transactions and ``failures`` says in our words what went wrong in one;
on them ``sql_connections``, ``sql_listing``, ``sql_tokens``, ``sql_people``, ``sql_requests`` and
``sql_journal``, ``sql_keys``, ``sql_instance`` keep the promises for SQLite and PostgreSQL,
``snapshot`` gives and takes a whole database, and ``sql`` puts them together.
``location`` says where the data lives, ``open`` opens it, and ``migrate`` brings an older database
up to date. Secrets arrive sealed and leave sealed.
"""
