"""``grantline connection``: created, authorized, looked at, changed.

``plan`` is what ``create`` was given, as the engine takes it, with ``service_account`` files read;
``granted`` says what consent brought, ``price`` what an edit costs.
"""
