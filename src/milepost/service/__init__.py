"""The use cases: each is one function and one transaction. Load, decide, store."""
