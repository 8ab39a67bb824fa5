"""Who is told, once for each change, when a run fails or a connection needs its person."""
