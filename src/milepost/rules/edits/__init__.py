"""Edits: what a request may change in a definition that is in force."""
