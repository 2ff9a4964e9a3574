"""Logins, keys, tokens, and the requests they made."""
