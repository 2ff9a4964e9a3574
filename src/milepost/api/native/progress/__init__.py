"""A customer's progress in every target group."""
