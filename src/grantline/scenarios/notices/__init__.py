"""Who is told, once for each change, when a run fails or a connection needs its person.

``recipients`` says who; ``telling`` compares what stands with what people were told; ``wording``
finds the words; ``sending`` brings each notice out, again where it has to; ``notices`` is the door.
"""
