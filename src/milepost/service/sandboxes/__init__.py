"""Sandboxes: organisations to try things in, whose time somebody moves, and which can be emptied."""
