"""Freezes and pauses of streaks."""
