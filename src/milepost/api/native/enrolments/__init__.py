"""Enrolments by file."""
