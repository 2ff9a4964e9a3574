"""Commands (events of our own) and returns: how each changes a standing."""
