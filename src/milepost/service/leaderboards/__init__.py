"""Reads leaderboards."""
