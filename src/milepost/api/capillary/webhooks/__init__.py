"""Behavioural events as they come in."""
