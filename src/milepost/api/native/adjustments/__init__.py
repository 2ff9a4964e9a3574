"""Corrections of progress by hand."""
