"""Goals that customers set themselves."""
