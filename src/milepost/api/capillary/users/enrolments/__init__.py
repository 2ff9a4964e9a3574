"""Enrolments of customers in targets, and leavings."""
