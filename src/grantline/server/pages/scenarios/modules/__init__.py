"""The form of a module: ``page`` shows it, ``form`` holds it.

``read`` makes a module of a form and ``fill`` a form of a module, ``mapped_json`` what is typed
with expressions in it.
"""
