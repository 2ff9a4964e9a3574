"""Sandboxes and scenarios on the command line."""
