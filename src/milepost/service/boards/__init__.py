"""Leaderboards kept in memory."""
