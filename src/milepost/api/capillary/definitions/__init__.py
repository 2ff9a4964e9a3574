"""Target groups and all that belongs to them: periods, targets, milestones, communications."""
