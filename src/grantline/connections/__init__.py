"""The engine: everything that happens to a connection between "create" and "delete".

``state`` and ``schedule`` are pure tables: which state follows which, and when to renew.
``edit`` says what an edit costs (nothing, a new consent, a new secret). ``sealing`` turns rows
into values and back through the vault. ``holding`` keeps opened connections in memory.
``authorize`` begins and completes consents, ``obtain`` runs the grants that need no person,
``refresh`` renews with one flight per process and one lease per connection, ``perform`` makes
authenticated requests, ``revoke`` ends grants at the service, ``manage`` creates, edits,
duplicates and deletes. ``engine`` puts them together for the faces.
"""
