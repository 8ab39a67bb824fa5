"""The connection form: which fields there are, what was typed, and what that would send.

- ``field``: what a field is. ``fields``: every setting of an app as one, with one line of help and
  an example.
- ``values``: what a form holds, from a browser or from a connection, and as settings again.
- ``preview``: the requests that those settings make, with everything secret masked.
"""
