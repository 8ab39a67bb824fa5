"""Scenarios: modules in order, mapping between them, what starts them, and runs that last.

``definition`` says what a scenario is, and reads and writes it as a file; ``mapping`` fills what
earlier modules gave into the next; ``modules`` carries one out; ``runs`` carries all of them out,
each once, whatever happens to the process; ``triggers`` start runs, and ``notices`` tell people.
``manage`` keeps scenarios under their names, ``references`` says what they refer to; ``service`` is
the one door for the faces, and ``open`` opens it.
"""
