"""What a request may change of a definition that is in force."""
