"""A running Milepost, its health, and commands that happen once."""
