"""Behavioural events that come in by webhooks."""
