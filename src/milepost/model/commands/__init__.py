"""Payloads of commands that carry what another customer or another system had reached."""
