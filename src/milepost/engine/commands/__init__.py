"""Events of our own and returns: what each does to a standing."""
