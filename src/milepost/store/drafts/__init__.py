"""What is tried and changed: back-tests, drafts and changes of definitions."""
