"""Organisations with their settings, places, declarations and logins."""
