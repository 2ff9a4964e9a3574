"""Customers: their profiles and identifiers, merges, and what can be read of their standings."""
