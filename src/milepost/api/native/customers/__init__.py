"""Customers, found and listed."""
