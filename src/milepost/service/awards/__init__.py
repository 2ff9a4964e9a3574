"""Authorises awards against caps."""
