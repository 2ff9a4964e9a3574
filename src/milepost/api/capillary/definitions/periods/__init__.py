"""Periods of a target group: listed, added, changed."""
