"""Sending: safe requests, signatures, and when to try again."""
