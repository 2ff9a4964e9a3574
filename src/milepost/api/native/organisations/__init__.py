"""The organisation and its settings."""
