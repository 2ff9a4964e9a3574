"""Target groups and all that belongs to them, in the vendor's shapes."""
