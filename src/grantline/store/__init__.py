"""State at rest: records, the ``Store`` protocol, and its SQLAlchemy Core implementation.

``records`` are the rows as values, ``protocol`` says what a store promises, ``schema`` has the
tables, and ``sql`` keeps the promises for SQLite and PostgreSQL. ``database`` opens transactions,
``failures`` says in our words what went wrong in one, ``listening`` hears of what others save.
``location`` says where the data lives, ``open`` opens it, ``migrate`` brings an older database up
to date by ``migrations``, ``snapshot`` gives and takes a whole one, and ``beside`` is the database
of a library that keeps tables of its own. Secrets arrive sealed and leave sealed.
"""
