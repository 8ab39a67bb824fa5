"""The runs of scenarios: ``listing`` is the list, ``run`` one run with its ``steps``.

``bundles`` shows what went in and came out of a step, ``compare`` two runs side by side; ``once``
runs a scenario beside the editor.
"""
