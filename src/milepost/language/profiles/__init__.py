"""The profiles that a condition asks: bill, line, event and customer."""
