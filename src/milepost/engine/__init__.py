"""What events do to a standing: pure computation, with one step by which an event changes it."""
