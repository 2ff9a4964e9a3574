"""Communications about a target."""
