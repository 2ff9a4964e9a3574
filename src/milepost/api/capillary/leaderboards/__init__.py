"""Leaderboards: the top of a target, and a customer's ranks."""
