"""The doctor: what is wrong, why, and what helps; asked of everything that is known.

``examine`` collects for one connection, ``checkup`` for the installation and all of them; the rules
are pure: ``error_causes``, ``connection_causes``, ``standing_causes``, ``host_causes``,
``installation_causes``, ``offline``. ``diagnosis`` is what they say, ``probe`` asks the service,
``verify`` asks whether a connection works at all, ``cautions`` says what a dangerous choice costs.
"""
