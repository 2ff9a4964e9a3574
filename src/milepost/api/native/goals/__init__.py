"""Goals that customers set for themselves."""
