"""Targets of a group: added, changed, deactivated."""
