"""HTTP: what the vendor speaks, and what it lacks."""
