"""Commands that check what is stored."""
