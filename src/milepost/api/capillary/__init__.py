"""The vendor's API: v2 and v3."""
