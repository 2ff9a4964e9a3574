"""Organisations, their settings, places and declarations."""
