"""Showing that nobody changed the log: chains that are checked, and signed roots over them (decision 0047)."""
