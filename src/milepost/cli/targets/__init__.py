"""Targets as code: target groups as files, a plan of what they change, and its publication."""
