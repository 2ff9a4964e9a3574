"""Ranks of customers by their values."""
