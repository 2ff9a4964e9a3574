"""Authorised awards, and what caps still allow."""
