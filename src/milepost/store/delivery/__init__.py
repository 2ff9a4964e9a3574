"""The tables of webhooks, deliveries and the feed."""
