"""The pages of requests: ``/requests``.

``saved`` is the list, and the form under its name; ``run`` and ``ways`` are what else is done with
the form, and ``sent`` what it would send. The form itself: ``form`` with ``settings``, ``files``
and ``credential_choices``; ``read`` from a browser, ``fill`` from what is there, ``page`` shows it.
``answer`` and ``outcome`` show what came of it; ``bench`` is what lies between two pages.
"""
