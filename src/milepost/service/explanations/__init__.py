"""Explanations: why a customer's progress is what it is, now and at any instant of the past."""
