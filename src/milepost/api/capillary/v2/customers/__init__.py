"""Customers: registered, changed, found, merged."""
