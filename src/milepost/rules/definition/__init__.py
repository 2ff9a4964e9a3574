"""What a request may define, and what is wrong with it."""
