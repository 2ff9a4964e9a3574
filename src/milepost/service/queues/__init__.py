"""Queues of brokers: events that are read from them, and messages that are written to them."""
