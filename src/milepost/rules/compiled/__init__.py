"""A definition, ready to judge events."""
