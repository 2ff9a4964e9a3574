"""Target groups: defined, edited, listed."""
