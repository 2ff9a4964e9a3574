"""One customer's progress in full."""
