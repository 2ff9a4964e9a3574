"""Work that no request waits for: period boundaries, jobs, and the verification of stored standings."""
