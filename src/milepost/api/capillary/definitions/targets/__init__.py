"""Targets of a target group: listed, added, changed, deactivated."""
