"""Saved answers of the vendor's API, from which definitions, customers and progress are imported."""
