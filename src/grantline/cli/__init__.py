"""The command line: it asks the engine and says what came of it, in words or as JSON.

- ``main``: the program; ``program``: its tree of commands.
- ``errors``, ``usage``: how a failure reads, and its exit status.
- ``create``, ``authorize``, ``look``, ``change``, ``app``, ``request``, ``token``, ``discover``,
  ``serve``, ``demo``: the commands, one subject each.
- ``option_groups``, ``setting_options``, ``secret_options``, ``values``: what several of them take.
- ``running``: an engine for the length of one command.
- ``output``, ``words``, ``views``: stdout and stderr, sentences, and what JSON shows.
- ``plan``: what ``create`` was given, as the engine takes it. ``granted``, ``price``: what consent
  brought, and what an edit costs.
- ``prompts``: questions, only on a terminal.
"""
