"""Enrolling many customers from a file."""
