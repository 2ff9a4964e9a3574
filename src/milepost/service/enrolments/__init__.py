"""Taking part in targets, one by one or by list and audience."""
