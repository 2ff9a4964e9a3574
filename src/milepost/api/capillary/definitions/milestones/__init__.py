"""Lists of milestones."""
