"""Events that counted."""
