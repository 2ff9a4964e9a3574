"""The queues before the write path: lanes, and what one lane does."""
