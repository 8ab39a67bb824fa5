"""The engine: everything that happens to a connection between "create" and "delete".

``state`` and ``schedule`` are pure tables: which state follows which, and when to renew.
``edit`` says what an edit costs (nothing, a new consent, a new secret). ``sealing`` turns rows
into values and back through the vault. ``holding`` keeps opened connections in memory.
``planning`` works an edit out, ``rules`` says what may be saved, ``catalogue`` fills an app in.

``authorize`` begins and completes consents (``objections`` is what speaks against a callback) and
runs the grants that need no person, ``device``
waits for consent on another screen, ``identity`` tells whose account it is. ``tokens`` is the
narrow waist: a token that works. ``refresh`` renews with one flight per process and one lease per
connection, ``rotation`` is one renewal under a lease, ``renewal`` how the next token set is asked
for, ``health`` what a failure means. ``perform`` makes authenticated requests, ``revoke`` ends
grants at the service, ``verify`` asks whether it works, ``manage`` creates, edits, duplicates and
deletes, ``listing`` lists. ``open`` and ``engine`` put them together for the faces.

For people who look: ``exchange`` keeps a ``transcript`` of what authorization servers say, and
``doctor`` reads causes out of it (``error_causes``, ``connection_causes``, ``offline``).
``checkup`` is the whole examination: it adds what may fail later (``standing_causes``,
``host_causes``), what ails keys and database (``installation_causes``) and what servers answer to a
``probe``.
``consents`` is consent as pages need it. ``making`` makes any request, with a connection, with one
of the ``credentials`` or with nothing (``plain``); ``saved_requests`` keeps requests under a name,
``runs`` their history, and ``redaction`` takes the secrets out of it.
"""
