"""Answers saved from the vendor's API, read from files as what they describe."""
