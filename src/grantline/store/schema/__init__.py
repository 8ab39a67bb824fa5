"""The schema: ``tables`` with ``scenario_tables``.

``parts`` is what tables are made with, ``columns`` how values are kept that no database knows.
"""
