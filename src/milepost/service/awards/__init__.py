"""Decisions about awards."""
