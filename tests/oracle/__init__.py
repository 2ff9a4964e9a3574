"""Second opinions: slow, obvious evaluators that share no code with what they judge."""
