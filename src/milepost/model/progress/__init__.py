"""Values that go with progress: streaks, counts of the customer, reasons of what did not count."""
