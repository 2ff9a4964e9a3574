"""Receives events: resolves customers and places, drops duplicates, applies, and writes, in one transaction."""
