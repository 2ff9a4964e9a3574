"""Jobs: long work over many customers."""
