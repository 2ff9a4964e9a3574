"""Oracles: slow, obvious evaluators that share no code with the code they judge."""
