"""Milepost: the open, self-hosted loyalty targets engine."""
