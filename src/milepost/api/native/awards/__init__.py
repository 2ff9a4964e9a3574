"""Decisions about awards, and what caps leave."""
