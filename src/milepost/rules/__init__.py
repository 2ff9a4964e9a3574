"""The meaning of definitions: calendar, validation, edits, and compiled rules. All of it only computes."""
