"""Looks customers up: by identifier, and the survivor of a merge."""
