"""Runs: every module carried out once, in order, whatever happens to the process."""
