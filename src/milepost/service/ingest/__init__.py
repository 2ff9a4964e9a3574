"""From incoming events to one committed transaction."""
