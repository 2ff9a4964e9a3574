"""Values of delivery: webhooks and the types of outcomes."""
