"""Webhooks: who is told of outcomes, and what became of each message."""
