"""Definitions compiled for evaluation: rules and what they need to count events."""
