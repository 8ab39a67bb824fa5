"""The command line: it asks the engine and says what came of it, in words or as JSON.

- ``main``: the program; ``program``: its tree of commands.
- ``commands``: the commands, one subject each; ``options``: what several of them take.
- ``running``: an engine for the length of one command.
- ``output``, ``words``, ``views``: stdout and stderr, sentences, and what JSON shows.
- ``errors``, ``usage``: how a failure reads, and its exit status.
- ``values``, ``files``, ``prompts``: what a person gives: words, files, answers to questions.
"""
