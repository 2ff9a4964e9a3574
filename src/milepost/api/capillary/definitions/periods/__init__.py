"""Periods of a group."""
