"""What a customer reached leaves the house: webhooks, deliveries and the feed (decision 0028)."""
