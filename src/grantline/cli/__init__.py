"""The command line: it asks the engine and says what came of it, in words or as JSON.

- ``main``: the program; ``errors``: how a failure reads, and its exit status.
- ``connection``, ``look``, ``authorize``, ``app``, ``request``, ``token``, ``discover``: the
  commands, one subject each.
- ``option_groups``, ``settings_options``, ``secret_options``: what several commands take.
- ``running``: an engine for the length of one command.
- ``output``, ``words``, ``views``: stdout and stderr, sentences, and what JSON shows.
- ``prompts``: questions, only on a terminal. ``demo*``: the narrated tour.
"""
