"""One module carried out: requests through the engine, and the few tools between them."""
