"""Customers by their target groups: progress, enrolments, tracked events."""
