"""Leaderboards, read."""
