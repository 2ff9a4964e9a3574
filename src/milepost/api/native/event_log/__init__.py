"""Events that were received, and what each led to."""
