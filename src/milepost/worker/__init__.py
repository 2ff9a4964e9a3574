"""Work that no request waits for: notices of period boundaries, and jobs."""
