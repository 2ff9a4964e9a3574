"""The last requests of an organisation."""
