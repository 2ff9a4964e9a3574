"""Calls about a whole target group."""
