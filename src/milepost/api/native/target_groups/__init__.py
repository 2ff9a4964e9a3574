"""What is done with a whole target group."""
