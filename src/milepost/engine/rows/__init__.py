"""Rows of progress that a batch changes in place: in Python, and the same in machine code."""
