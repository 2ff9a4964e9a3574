"""Leaderboards in memory."""
