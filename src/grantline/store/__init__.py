"""State at rest: records, the ``Store`` protocol, and its SQLAlchemy Core implementation.

``records`` are the rows as values, ``protocol`` says what a store promises, ``tables`` is the
schema, ``sql`` keeps the promises on SQLite and PostgreSQL, ``migrations`` brings an older
database up to date, ``open`` picks one by URL. Secrets arrive sealed and leave sealed.
"""
