"""Queues that events are read from."""
