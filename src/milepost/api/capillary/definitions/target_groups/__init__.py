"""Target groups: defined, changed, listed, deleted."""
