"""Enrols customers in targets: one at a time, from a list, by audience, or by their stored events."""
