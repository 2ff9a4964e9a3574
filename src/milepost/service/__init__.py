"""What can be asked: one function, one use case, one transaction."""
