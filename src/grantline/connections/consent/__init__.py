"""Consent: begun, given in a browser or on another screen, completed, and whose account it is.

``authorize`` begins and completes it and runs the grants that need no person; ``objections`` is
what speaks against a callback, ``callback_path`` keeps servers apart, ``device`` waits for consent
on another screen, ``consents`` is consent as pages need it. ``upgrade`` makes the second exchange
where a service has one, and ``identity`` tells whose account was connected.
"""
