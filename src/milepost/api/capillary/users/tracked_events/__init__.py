"""The events behind a customer's progress."""
