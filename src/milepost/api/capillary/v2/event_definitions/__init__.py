"""Behavioural events: defined, and found again."""
