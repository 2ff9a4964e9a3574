"""A customer's target groups with their progress."""
