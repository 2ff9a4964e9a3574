"""Requests to define target groups: their drafts, the validation of a draft, and the group that it defines."""
