"""What is remembered: all SQL and the only importer of the driver."""
