"""One module carried out: requests through the engine, and the few tools between them.

Begin with ``carry_out``: it gives an ``outcome`` for a module in its ``surroundings``.
``http_call`` makes a request of an HTTP module ready, with ``body`` where files go along;
``make_request`` and ``download_file`` make it. ``aggregate``, ``respond``, ``set_variables`` and
``sleep`` ask nobody. ``files`` is where files are, and which names they may have.
"""
