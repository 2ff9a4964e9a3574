"""`milepost org`, `till`, `key` and `audit`."""
