"""Values of scheduled work: period boundaries and jobs."""
