"""Drafts, previews, reviews, publications and versions of target groups."""
