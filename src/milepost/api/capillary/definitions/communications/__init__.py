"""Communications of a target."""
