"""Scheduled work: period boundaries and jobs."""
