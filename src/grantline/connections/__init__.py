"""The engine: everything that happens to a connection between "create" and "delete".

``state`` and ``schedule`` are pure tables: which state follows which, and when to renew.
``edit`` says what an edit costs (nothing, a new consent, a new secret). ``sealing`` turns rows
into values and back through the vault. ``holding`` keeps opened connections in memory.
``authorize`` begins and completes consents, ``obtain`` runs the grants that need no person,
``refresh`` renews with one flight per process and one lease per connection, ``perform`` makes
authenticated requests, ``revoke`` ends grants at the service, ``manage`` creates, edits,
duplicates and deletes, ``listing`` lists. ``engine`` puts them together for the faces.

For people who look: ``exchange`` keeps a ``transcript`` of what authorization servers say, and
``doctor`` reads causes out of it (``error_causes``, ``connection_causes``, ``offline``).
``consents`` is consent as pages need it. ``making`` makes any request, with a connection, with one
of the ``credentials`` or with nothing (``plain``); ``saved_requests`` keeps requests under a name,
``runs`` their history, and ``redaction`` takes the secrets out of it.
"""
