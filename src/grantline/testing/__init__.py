"""What Grantline's own tests are made of, for your tests too.

- ``clock``: ``FakeClock`` and ``JumpingClock``, which stand still until a test moves them.
- ``authorization_server``: ``FakeAuthorizationServer``, a real server on loopback with a demo API,
  scripted faults, and a journal that judges every request.
- ``corpus``: runs files of cases, one JSON object a line, against the real code.
- ``pytest_plugin``: the server and the clock as fixtures.

Nothing here is imported by the rest of Grantline but the demo of its command line.
"""
