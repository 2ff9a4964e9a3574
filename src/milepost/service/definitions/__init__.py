"""Target groups and what belongs to them: defined, edited, listed, imported."""
