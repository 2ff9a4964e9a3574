"""Customers' targets, in the vendor's shapes."""
