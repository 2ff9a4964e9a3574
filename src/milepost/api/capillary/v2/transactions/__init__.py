"""Bills and returns."""
