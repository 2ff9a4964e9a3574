"""One running Milepost."""
