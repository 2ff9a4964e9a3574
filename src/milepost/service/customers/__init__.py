"""Customers: who they are, and where they stand."""
