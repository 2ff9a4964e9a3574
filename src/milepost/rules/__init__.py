"""What a definition means: calendar, measure, matching, soundness; pure."""
