"""What Grantline's own tests are made of, for your tests too.

- ``clock``: ``FakeClock`` and ``JumpingClock``, which stand still until a test moves them.
- ``authorization_server``: ``FakeAuthorizationServer``, a real server on loopback with a demo API,
  scripted faults, and a journal that judges every request.
- ``pytest_plugin``: both as fixtures.

Nothing here is imported by the rest of Grantline but the demo of its command line.
"""
