"""Enrolling and leaving."""
