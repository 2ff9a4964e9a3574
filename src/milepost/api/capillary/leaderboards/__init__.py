"""Leaderboards, in the vendor's shapes."""
