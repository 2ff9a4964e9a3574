"""Target groups: defined, changed, read."""
